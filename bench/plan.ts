// `kimup plan` on 300 Images with 1,000 tags each, from files and in one call, beside a bare process that reads the same files
// and asks npm's semver.maxSatisfying, round by round in turn. Start of the process included. Fails above 2 s.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { imageManifest } from '../test/support/builders/manifests.ts';
import { run } from '../tools/cluster/process/run.ts';
import { bundleBarePlan } from './bare-bundle.ts';
import { benchFolder } from './bench-cluster.ts';
import type { Finding } from './main.ts';
import { median } from './median.ts';

const ROOT = join(import.meta.dirname, '..');
const IMAGES = 300;
const TAGS = 1_000;
const ROUNDS = 7;
const MOST_SECONDS = 2;
const NAMES = ['figure', 'explained', 'baseline'] as const;

interface Planned {
  readonly name: string;
  readonly move: { readonly tag: string } | null;
}

/** The commands that are measured in turn. */
type Commands = Readonly<Record<(typeof NAMES)[number], readonly string[]>>;

export async function benchPlan(tell: (line: string) => void): Promise<Finding> {
  return benchFolder(async (dir) => {
    const commands = await prepare(dir);
    const seconds: Record<keyof Commands, number[]> = { figure: [], explained: [], baseline: [] };
    for (let round = 0; round <= ROUNDS; round += 1) {
      const took = await measure(commands);
      // The first round only warms the machine's caches.
      if (round > 0) for (const name of NAMES) seconds[name].push(took[name]);
    }
    const [figure, explained, baseline] = [median(seconds.figure), median(seconds.explained), median(seconds.baseline)];
    tell(
      `${IMAGES} Images, ${TAGS} tags each: kimup plan ${figure.toFixed(2)} s, with --explain ${explained.toFixed(2)} s, a bare process ${baseline.toFixed(2)} s`,
    );
    if (figure > MOST_SECONDS)
      throw new Error(
        `kimup plan took ${figure.toFixed(2)} s for ${IMAGES} Images, which is more than ${MOST_SECONDS} s`,
      );
    return {
      figure: IMAGES / figure,
      baseline: IMAGES / baseline,
      unit: 'Images planned a second, the start of the process included',
      seconds: Number(figure.toPrecision(3)),
      explainedSeconds: Number(explained.toPrecision(3)),
      baselineSeconds: Number(baseline.toPrecision(3)),
    };
  });
}

/** Writes the Images and their tags, bundles what is measured, and returns the commands. */
async function prepare(dir: string): Promise<Commands> {
  // Bundles dist/kimup.mjs where a source has changed.
  await run([process.execPath, join(ROOT, 'scripts', 'kimup.mjs'), 'plan', '--help']);
  const bare = await bundleBarePlan(dir);
  const manifests = join(dir, 'images.yaml');
  const tags = join(dir, 'tags.json');
  const names = Array.from({ length: IMAGES }, (_, i) => `registry.example/app-${i}`);
  const items = names.map((image, i) =>
    imageManifest({ name: `app-${i}`, namespace: 'bench', image, baseTag: 'v2.1.0' }),
  );
  writeFileSync(manifests, stringify({ apiVersion: 'v1', kind: 'List', items }));
  writeFileSync(tags, JSON.stringify(Object.fromEntries(names.map((name, i) => [name, tagsOf(i)]))));
  const kimup = [process.execPath, join(ROOT, 'dist', 'kimup.mjs'), 'plan', '-f', manifests, '--tags-file', tags];
  return {
    figure: [...kimup, '-o', 'json'],
    explained: [...kimup, '-o', 'json', '--explain'],
    baseline: [process.execPath, bare, manifests, tags],
  };
}

/** How many seconds each command takes. @throws Error when they don't say the same */
async function measure(commands: Commands): Promise<Record<keyof Commands, number>> {
  const seconds = { figure: 0, explained: 0, baseline: 0 };
  const answers: string[] = [];
  for (const name of NAMES) {
    const began = performance.now();
    const said = await run(commands[name]);
    seconds[name] = (performance.now() - began) / 1_000;
    answers.push(movesIn(said));
  }
  if (new Set(answers).size !== 1)
    throw new Error(`kimup plan and npm's semver differ: ${answers.map((answer) => answer.slice(0, 200)).join(' | ')}`);
  return seconds;
}

/** Versions of four majors, one in ten a pre-release, in the order of a registry: by name. Each Image has others. */
function tagsOf(image: number): readonly string[] {
  return Array.from(
    { length: TAGS },
    (_, i) => `v${i % 4}.${Math.floor(i / 4) % 25}.${Math.floor(i / 100) + image}${i % 10 === 7 ? '-rc.1' : ''}`,
  ).sort();
}

function movesIn(said: string): string {
  return (JSON.parse(said) as readonly Planned[]).map(({ name, move }) => `${name} ${move?.tag}`).join('\n');
}
