import { defineConfig, type RolldownOptions } from 'rolldown';

/** Looked for by Nest and Fastify at run time only by those who installed them. We don't. */
const NEVER_INSTALLED = [/^@nestjs\/(microservices|websockets|platform-express)/, /^@fastify\/(static|view|multipart)/, 'class-transformer/storage'];

/** One file a component: a process starts in half the time and with a third less memory than from node_modules. */
function component(name: string): RolldownOptions {
  return {
    input: `build/src/entrypoints/${name}.js`,
    platform: 'node',
    external: NEVER_INSTALLED,
    // Nest asks classes for their names, in logs and in what it says when one can't be injected.
    output: { file: `dist/${name}.mjs`, format: 'esm', minify: { mangle: { keepNames: true } }, codeSplitting: false },
    // Warnings of packages are not ours to mend; an import that can't be resolved is an error all the same.
    onLog(level, log, handle) {
      if (log.code === 'UNRESOLVED_IMPORT') throw new Error(log.message);
      if (level !== 'warn' || !log.id?.includes('node_modules')) handle(level, log);
    },
  };
}

export default defineConfig([component('operator'), component('controller')]);
