import { join } from 'node:path';
import { rolldown } from 'rolldown';
import components from '../rolldown.config.ts';

/** Bundles bare-nest.ts into `dir` as the components are bundled, and returns the program's path. */
export async function bundleBareNest(dir: string): Promise<string> {
  const file = join(dir, 'bare-nest.mjs');
  const [{ output, ...input }] = components as unknown as [{ output: object }];
  const bundle = await rolldown({ ...input, input: join(import.meta.dirname, 'bare-nest.ts') });
  await bundle.write({ ...output, file });
  await bundle.close();
  return file;
}
