import { join } from 'node:path';
import { rolldown } from 'rolldown';
import commandLine from '../rolldown.cli.config.ts';
import components from '../rolldown.config.ts';

/** Bundles bare-nest.ts into `dir` as the components are bundled, and returns the program's path. */
export async function bundleBareNest(dir: string): Promise<string> {
  return bundled('bare-nest', (components as unknown as [Config])[0], dir);
}

/** Bundles bare-plan.ts into `dir` as the command line is bundled, and returns the program's path. */
export async function bundleBarePlan(dir: string): Promise<string> {
  return bundled('bare-plan', commandLine as unknown as Config, dir);
}

interface Config {
  readonly output: object;
}

async function bundled(name: string, { output, ...input }: Config, dir: string): Promise<string> {
  const file = join(dir, `${name}.mjs`);
  const bundle = await rolldown({ ...input, input: join(import.meta.dirname, `${name}.ts`) });
  await bundle.write({ ...output, file });
  await bundle.close();
  return file;
}
