import { stringify } from 'yaml';
import { readTags } from '../../../adapters/files/tags-file.ts';
import { type Manifests, noImage, readManifests } from '../../../adapters/kubernetes/manifests/manifests.ts';
import { NoMetrics } from '../../../adapters/metrics/no-metrics.ts';
import { DistributionTagRegistry } from '../../../adapters/registry/distribution-tag-registry.ts';
import { UserDockerConfig } from '../../../adapters/registry/user-docker-config.ts';
import { DockerConfigError } from '../../../adapters/registry/docker-config.ts';
import { readCrontab } from '../../../adapters/schedule/read-crontab.ts';
import { ActionCatalogue } from '../../../application/action/action-catalogue.ts';
import { InputError } from '../../../application/plan/input-error.ts';
import { type Plan, planImages, type TagSource } from '../../../application/plan/plan-images.ts';
import { tellOfTriggers } from '../../../application/plan/plan-triggers.ts';
import { FileTagSource, RegistryTagSource } from '../../../application/plan/tag-sources.ts';
import { usage } from '../../command-line/command-line.ts';
import type { CliCommand, Outcome, Surroundings } from '../command.ts';
import { readInput, shown } from '../files.ts';
import { PLAN, type PlanArguments, readArguments } from './arguments.ts';
import { table } from './table.ts';
import { text } from '../text.ts';

/** In the catalogue of commands. */
export const PLAN_COMMAND: CliCommand = {
  name: 'plan',
  summary: 'what kimup would do to Images, and why, without a cluster',
  run: plan,
};

/**
 * `kimup plan`: reads, plans, shows.
 * @throws FlagError, InputError
 */
export async function plan(argv: readonly string[], surroundings: Surroundings): Promise<Outcome> {
  const given = readArguments(argv);
  if (given === 'help') return { stdout: `${usage(PLAN)}\n`, stderr: '', status: 0 };
  try {
    return await planFor(given, surroundings);
  } catch (error) {
    throw error instanceof DockerConfigError ? new InputError(error.message) : error;
  }
}

async function planFor(given: PlanArguments, surroundings: Surroundings): Promise<Outcome> {
  const manifests = await readFiles(given.files, surroundings);
  const images = manifests.flatMap((one) => one.images);
  if (images.length === 0) throw noImage(given.files.map(shown));
  const beside = {
    workloads: manifests.flatMap(({ workloads }) => workloads),
    namespaces: new Map(manifests.flatMap(({ namespaces }) => [...namespaces])),
  };
  const planned = await withTags(given, surroundings, (source) =>
    planImages(
      images,
      source,
      { explain: given.explain, now: surroundings.now, actions: new ActionCatalogue() },
      beside,
    ),
  );
  const plans = tellOfTriggers(planned, images, readCrontab);
  const failures = plans.flatMap(({ entry: { namespace, name, error } }) =>
    error === undefined ? [] : [`${text(`${namespace}/${name}: ${error}`)}\n`],
  );
  return {
    stdout: format(plans, given.output, surroundings),
    stderr: failures.join(''),
    status: failures.length === 0 ? 0 : 1,
  };
}

/** One after the other: what is wrong is told of the first file that has it. */
async function readFiles(files: readonly string[], surroundings: Surroundings): Promise<Manifests[]> {
  const manifests: Manifests[] = [];
  for (const file of files) manifests.push(readManifests(await readInput(file, surroundings), shown(file)));
  return manifests;
}

/** Works with the tags from the file that was given, else with those from registries. */
async function withTags<T>(
  { tagsFile, plainHttpRegistries }: PlanArguments,
  surroundings: Surroundings,
  work: (source: TagSource) => Promise<T>,
): Promise<T> {
  const { env } = surroundings;
  if (tagsFile !== undefined) {
    const name = shown(tagsFile);
    return work(new FileTagSource(name, readTags(await readInput(tagsFile, surroundings), name)));
  }
  const config = await UserDockerConfig.load(env);
  const registry = new DistributionTagRegistry(new NoMetrics(), { insecureRegistries: plainHttpRegistries, env });
  try {
    return await work(
      new RegistryTagSource(registry, (reference) => config.credentialsFor(reference), { dockerConfig: config.file }),
    );
  } finally {
    await registry.close();
  }
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
