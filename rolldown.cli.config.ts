import { defineConfig } from 'rolldown';
import { NODE_CHECK } from './rolldown.config.ts';

/** The command line in one file, straight from its sources: made on demand by `npm run kimup`, and by `npm run build`. */
export default defineConfig({
  input: 'src/entrypoints/cli/main.ts',
  platform: 'node',
  // The layers' tsconfig files send packages to their types, or to an error.
  tsconfig: false,
  // Looked for by class-transformer only where it is asked for.
  external: ['class-transformer/storage'],
  transform: { decorator: { legacy: true, emitDecoratorMetadata: false }, target: 'es2024' },
  output: {
    banner: NODE_CHECK,
    file: 'dist/kimup.mjs',
    format: 'esm',
    minify: { mangle: { keepNames: true } },
    codeSplitting: false,
  },
  onLog(level, log, handle) {
    if (log.code === 'UNRESOLVED_IMPORT') throw new Error(log.message);
    if (level !== 'warn' || !log.id?.includes('node_modules')) handle(level, log);
  },
});
