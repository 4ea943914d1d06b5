import { readFile } from 'node:fs/promises';
import { stringify } from 'yaml';
import { readTags } from '../../adapters/files/tags-file.ts';
import { noImage, readManifests } from '../../adapters/kubernetes/manifests/manifests.ts';
import { NoMetrics } from '../../adapters/metrics/no-metrics.ts';
import { DistributionTagRegistry } from '../../adapters/registry/distribution-tag-registry.ts';
import { UserDockerConfig } from '../../adapters/registry/user-docker-config.ts';
import { DockerConfigError } from '../../adapters/registry/docker-config.ts';
import { readCrontab } from '../../adapters/schedule/read-crontab.ts';
import { InputError } from '../../application/plan/input-error.ts';
import { type Plan, planImages, type TagSource } from '../../application/plan/plan-images.ts';
import { tellOfTriggers } from '../../application/plan/plan-triggers.ts';
import { FileTagSource, RegistryTagSource } from '../../application/plan/tag-sources.ts';
import { HELP, type PlanArguments, readArguments, UsageError } from './arguments.ts';
import { table } from './table.ts';
import { lines, text } from './text.ts';

/** What the command says, and how it ends. */
export interface Outcome {
  readonly stdout: string;
  readonly stderr: string;
  readonly status: 0 | 1 | 2;
}

/** What of its surroundings the command takes notice of. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly isTerminal: boolean;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readStdin(): Promise<string>;
}

/** `kimup plan`: reads, plans, shows. */
export async function plan(argv: readonly string[], surroundings: Surroundings): Promise<Outcome> {
  const outcome = await ended(argv, surroundings);
  return { ...outcome, stderr: lines(outcome.stderr) };
}

async function ended(argv: readonly string[], surroundings: Surroundings): Promise<Outcome> {
  try {
    const given = readArguments(argv);
    if (given === 'help') return { stdout: HELP, stderr: '', status: 0 };
    return await planFor(given, surroundings);
  } catch (error) {
    if (error instanceof UsageError)
      return { stdout: '', stderr: `kimup plan: ${error.message}; kimup plan --help tells more\n`, status: 2 };
    if (error instanceof InputError || error instanceof DockerConfigError)
      return { stdout: '', stderr: `${error.message}\n`, status: 2 };
    throw error;
  }
}

async function planFor(given: PlanArguments, surroundings: Surroundings): Promise<Outcome> {
  const { files, tagsFile, explain, output } = given;
  const manifests = [];
  for (const file of files) manifests.push(readManifests(await read(file, surroundings), shown(file)));
  const images = manifests.flatMap((one) => one.images);
  if (images.length === 0) throw noImage(files.map(shown));
  const beside = {
    workloads: manifests.flatMap(({ workloads }) => workloads),
    namespaces: new Map(manifests.flatMap(({ namespaces }) => [...namespaces])),
  };
  const options = { explain, now: surroundings.now };
  let plans: readonly Plan[];
  if (tagsFile === undefined) {
    const config = await UserDockerConfig.load(surroundings.env);
    const registry = new DistributionTagRegistry(new NoMetrics(), {
      insecureRegistries: given.plainHttpRegistries,
      env: surroundings.env,
    });
    try {
      const source = new RegistryTagSource(registry, (reference) => config.credentialsFor(reference), {
        dockerConfig: config.file,
      });
      plans = await planImages(images, source, options, beside);
    } finally {
      await registry.close();
    }
  } else {
    const source: TagSource = new FileTagSource(
      shown(tagsFile),
      readTags(await read(tagsFile, surroundings), shown(tagsFile)),
    );
    plans = await planImages(images, source, options, beside);
  }
  plans = tellOfTriggers(plans, images, readCrontab);
  const failures = plans.flatMap(({ entry: { namespace, name, error } }) =>
    error === undefined ? [] : [`${text(`${namespace}/${name}: ${error}`)}\n`],
  );
  return {
    stdout: format(plans, output, surroundings),
    stderr: failures.join(''),
    status: failures.length === 0 ? 0 : 1,
  };
}

async function read(file: string, surroundings: Surroundings): Promise<string> {
  if (file === '-') return surroundings.readStdin();
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    throw InputError.at(
      { file },
      `can't be read: ${{ ENOENT: 'there is no such file', EISDIR: 'it is a folder', EACCES: 'permission denied' }[code] ?? code}`,
    );
  }
}

function shown(file: string): string {
  return file === '-' ? 'stdin' : file;
}

function format(plans: readonly Plan[], output: PlanArguments['output'], { env, isTerminal }: Surroundings): string {
  const entries = plans.map(({ entry }) => entry);
  switch (output) {
    case 'json':
      return `${JSON.stringify(entries, undefined, 2)}\n`;
    case 'yaml':
      return stringify(entries, { lineWidth: 0, aliasDuplicateObjects: false });
    case 'table':
      // https://no-color.org: set and not empty.
      return table(plans, isTerminal && !env['NO_COLOR'] && env['TERM'] !== 'dumb');
  }
}
