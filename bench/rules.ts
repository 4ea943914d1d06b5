// 10,000 tags of the shapes that real repositories hold through each rule, beside a plain loop of npm's semver.parse and
// compare over the same tags, round by round in turn. The ratio is the slowest of the semver and the calver rules. npm's
// parse is slow on what is no version, so the same is told for 10,000 plain versions, which are all of one series.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import semver from 'semver';
import { decide, type DecisionInput } from '../src/domain/decision/decide.ts';
import { explain } from '../src/domain/decision/explain.ts';
import { buildRule } from '../src/domain/rule/rule-catalogue.ts';
import type { RuleType } from '../src/domain/rule/rule-spec.ts';
import type { Finding } from './main.ts';
import { median } from './median.ts';

const TAGS = 10_000;
const ROUNDS = 12;
/** Rounds before the code is warm. */
const COLD = 3;
const PASSES = 10;
const MEMORY_RUNS = 1_000;

interface Case {
  /** Where it is another than the type. */
  readonly name?: string;
  readonly type: RuleType;
  readonly value?: string;
  readonly currentTag: string;
}

/** Each rule from tags that it has much to do with: many others are of their series. */
const CASES: readonly Case[] = [
  { type: 'semver-major', currentTag: '10.0.0' },
  { type: 'semver-minor', currentTag: '17.0.1' },
  { type: 'semver-patch', currentTag: '17.0.1' },
  { type: 'semver-range', value: '>=11 <24 || ^25.0.1', currentTag: '10.0.0' },
  { name: 'semver-patch (pre-release)', type: 'semver-patch', currentTag: '21-ea-3-slim' },
  { type: 'calver-major', currentTag: '12.04' },
  { type: 'calver-minor', currentTag: '13.04' },
  { type: 'calver-patch', currentTag: '18.03.1' },
  { type: 'calver-prerelease', currentTag: '11.1.0-rc1' },
  { type: 'regex', value: '^1[17]\\.0\\.\\d+-jdk', currentTag: '11.0.1-jdk' },
  { type: 'numerical', currentTag: '5' },
  { type: 'alphabetical', currentTag: '5' },
  { type: 'always', currentTag: '10.0.0' },
];

/** What the semver and calver rules do where nothing can be told from a tag's shape. */
const PLAIN_CASES: readonly Case[] = [
  { type: 'semver-major', currentTag: '1.2.3' },
  { type: 'semver-minor', currentTag: '20.2.3' },
  { type: 'semver-patch', currentTag: '20.5.3' },
  { type: 'semver-range', value: '>=11 <20 || ^15.0.1', currentTag: '1.2.3' },
  { type: 'calver-major', currentTag: '10.2.3' },
  { type: 'calver-minor', currentTag: '20.2.3' },
  { type: 'calver-patch', currentTag: '20.5.3' },
];

export async function benchRules(tell: (line: string) => void): Promise<Finding> {
  tell(`${TAGS} tags of the shapes of real repositories:`);
  const mixed = compare(CASES, realTags(), tell);
  tell(`${TAGS} plain versions:`);
  const plain = compare(PLAIN_CASES, plainTags(), tell);
  const regex = regexGrowth(tell);
  const reasons = milliseconds(3, () => explain(inputOf(CASES[0]!, realTags())));
  tell(`the reasons, on request: ${reasons.toFixed(1)} ms for a verdict on each of ${TAGS} tags`);
  const grown = memoryGrowth(CASES.map((each) => inputOf(each, realTags())));
  tell(`memory after ${MEMORY_RUNS} runs of all rules: ${grown >= 0 ? '+' : ''}${grown.toFixed(2)} MB`);
  return {
    figure: TAGS / mixed.slowest,
    baseline: TAGS / mixed.baseline,
    unit: 'tags a millisecond, by the slowest of the semver and calver rules',
    ms: mixed.ms,
    plain: { ratio: Number((plain.baseline / plain.slowest).toPrecision(4)), ms: plain.ms },
    regexGrowth: regex,
    reasonsMs: Number(reasons.toPrecision(3)),
    memoryGrowthMB: Number(grown.toFixed(2)),
  };
}

interface Compared {
  /** Milliseconds over all tags. */
  readonly baseline: number;
  readonly slowest: number;
  readonly ms: Readonly<Record<string, number>>;
}

function compare(cases: readonly Case[], tags: readonly string[], tell: (line: string) => void): Compared {
  const runs = cases.map((each) => ({
    name: each.name ?? each.type,
    input: inputOf(each, tags),
    times: [] as number[],
  }));
  const baselines: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const keep = round >= COLD;
    const baseline = milliseconds(PASSES, () => newestByNpm(tags));
    if (keep) baselines.push(baseline);
    for (const { input, times } of runs) {
      const figure = milliseconds(PASSES, () => decide(input));
      if (keep) times.push(figure);
    }
  }
  const baseline = median(baselines);
  tell(`  ${"npm's parse and compare".padEnd(28)} ${baseline.toFixed(3)} ms`);
  const found = runs.map(({ name, input, times }) => ({ name, input, ms: median(times) }));
  for (const { name, input, ms } of found) {
    const decision = decide(input);
    tell(
      `  ${name.padEnd(28)} ${ms.toFixed(3)} ms, ${(baseline / ms).toFixed(1)} times as fast: ${input.currentTag} -> ${decision.kind === 'move' ? decision.tag : decision.kind}`,
    );
  }
  return {
    baseline,
    slowest: Math.max(...found.filter(({ name }) => /^(?:semver|calver)-/.test(name)).map(({ ms }) => ms)),
    ms: Object.fromEntries(
      [['npm semver', baseline] as const, ...found.map(({ name, ms }) => [name, ms] as const)].map(([name, ms]) => [
        name,
        Number(ms.toPrecision(3)),
      ]),
    ),
  };
}

/** Tags of many repositories; their first numbers are varied until there are enough. */
function realTags(): readonly string[] {
  const repositories = JSON.parse(
    readFileSync(join(import.meta.dirname, '..', 'test', 'data', 'real-tags.json'), 'utf8'),
  ) as Record<string, string>;
  const tags = Object.values(repositories).flatMap((list) => list.split(' '));
  for (let more = 1; tags.length < TAGS; more++) {
    for (const tag of tags.slice(0, TAGS - tags.length))
      tags.push(tag.replace(/\d+/, (number) => String(Number(number) + more)));
  }
  return tags.sort();
}

/** As a registry lists them: by name. */
function plainTags(): readonly string[] {
  return Array.from(
    { length: TAGS },
    (_, i) => `${10 + (i % 15)}.${Math.floor(i / 15) % 30}.${Math.floor(i / 450)}`,
  ).sort();
}

function inputOf({ type, value, currentTag }: Case, tags: readonly string[]): DecisionInput {
  return {
    rules: [
      buildRule({ name: type, type, ...(value === undefined ? {} : { value }), actions: [{ type: 'apply' }] }, 0),
    ],
    currentTag,
    tags,
  };
}

function newestByNpm(tags: readonly string[]): string | undefined {
  let newest: semver.SemVer | null = null;
  for (const tag of tags) {
    const version = semver.parse(tag);
    if (version !== null && (newest === null || version.compare(newest) > 0)) newest = version;
  }
  return newest?.version;
}

/** The mean of some passes. */
function milliseconds(passes: number, work: () => unknown): number {
  const began = performance.now();
  for (let i = 0; i < passes; i++) work();
  return (performance.now() - began) / passes;
}

/** How time grows with ten times the tags, and with a pattern ten times as long: 10 is linear. */
function regexGrowth(tell: (line: string) => void): { readonly tags: number; readonly pattern: number } {
  const tags = (count: number): string[] => Array.from({ length: count }, (_, i) => `${'a'.repeat(100)}${i}!`);
  const time = (pattern: string, count: number): number => {
    const input = inputOf({ type: 'regex', value: pattern, currentTag: 'latest' }, tags(count));
    decide(input);
    return median(Array.from({ length: 5 }, () => milliseconds(1, () => decide(input))));
  };
  const few = time('(a+)+$', 10_000);
  const many = time('(a+)+$', 100_000);
  const short = time('([a-z]*[0-9]*)!x?$', 10_000);
  const long = time(`${'([a-z]*[0-9]*)'.repeat(10)}!x?$`, 10_000);
  tell(
    `regex (a+)+$: ${few.toFixed(1)} ms for 10,000 tags, ${many.toFixed(1)} ms for 100,000; a pattern ten times as long: ${short.toFixed(1)} and ${long.toFixed(1)} ms`,
  );
  return { tags: Number((many / few).toPrecision(3)), pattern: Number((long / short).toPrecision(3)) };
}

/** What stays in memory after many runs, MB. */
function memoryGrowth(inputs: readonly DecisionInput[]): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const weigh = (): number => {
    collect();
    return process.memoryUsage().heapUsed / 2 ** 20;
  };
  for (const input of inputs) for (let i = 0; i < 10; i++) decide(input);
  const before = weigh();
  for (let i = 0; i < MEMORY_RUNS; i++) for (const input of inputs) decide(input);
  return weigh() - before;
}
