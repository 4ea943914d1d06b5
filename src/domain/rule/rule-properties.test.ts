import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import semver from 'semver';
import { describe, expect, it } from 'vitest';
import { outcome, ruleOf } from '../../../test/domain/rules.ts';
import { explain } from '../decision/explain.ts';
import type { RuleType } from '../image/image.ts';
import { Line, NO, PARSE, YES } from '../tag/line.ts';
import { compareNaturally, newestFirst, newestOf } from '../tag/natural-order.ts';
import { buildTagFilter } from '../tag/tag-filter.ts';
import { comparePrecedence, isCandidate, parseVersionTag } from '../tag/version-tag.ts';
import type { Rule } from './rule.ts';

const rules: readonly Rule[] = [
  ruleOf('semver-major'), ruleOf('semver-minor'), ruleOf('semver-patch'), ruleOf('semver-range', '>=1.2 <9 || ~11.3.0-rc.1'),
  ruleOf('calver-major'), ruleOf('calver-minor'), ruleOf('calver-patch'), ruleOf('calver-prerelease'),
  ruleOf('regex', '^v?1'), ruleOf('regex', '[a-z]$'), ruleOf('numerical'), ruleOf('alphabetical'), ruleOf('always'),
];
const ascending: readonly Rule[] = [ruleOf('numerical', 'asc'), ruleOf('alphabetical', 'asc')];
const VERSION_RULES = /^(?:semver|calver)-|^always$/;

const versionTag = fc.tuple(
  fc.constantFrom('', '', '', 'v'),
  fc.oneof(
    { weight: 4, arbitrary: fc.array(fc.nat(12), { minLength: 1, maxLength: 4 }).map((numbers) => numbers.join('.')) },
    { weight: 2, arbitrary: fc.tuple(fc.constantFrom('23', '24', '2023', '2024'), fc.integer({ min: 1, max: 13 }), fc.nat(28)).map(([y, m, d]) => `${y}.${String(m).padStart(d % 3, '0')}.${d}`) },
    { weight: 1, arbitrary: fc.constantFrom('20240102', '20240103', '123456', '00001', '1.9007199254740993', '1.9007199254740992', '1.1000000000000000000000') },
  ),
  fc.constantFrom('', '', '', '', '-rc1', '-rc.2', 'RC10', '-ea', '-beta', '-dev.3', '.dev4'),
  fc.constantFrom('', '', '', '', '-1', '_2', '-20240102', '_1_2'),
  fc.constantFrom('', '', '', '', '-alpine', '-slim', '-build.7', '-build.10-slim', '.Final'),
).map((parts) => parts.join(''));
const anyTag = fc.oneof(
  { weight: 9, arbitrary: versionTag },
  { weight: 1, arbitrary: fc.constantFrom('latest', 'bookworm', '8u242', 'main-9', 'main-10', '1e10', 'deadbeef', '1.5', `sha256-${'0'.repeat(64)}.sig`, 'A_b', 'x'.repeat(128)) },
);
const tagList = fc.array(anyTag, { maxLength: 40 });
const anyRule = fc.constantFrom(...rules, ...ascending);
const RUNS = { numRuns: 3_000 };

/** In a counterexample, a rule is its type and value. */
for (const rule of [...rules, ...ascending]) Object.assign(rule, { [fc.toStringMethod]: () => rule.name });

const select = (rule: Rule, current: string, tags: readonly string[]): string | undefined => outcome(rule, current, tags, { withMisses: false }).tag;

describe('every rule', () => {
  it('takes a tag of the input, and never the current one', () => {
    fc.assert(fc.property(anyRule, anyTag, tagList, (rule, current, tags) => {
      const selected = select(rule, current, tags);
      if (selected === undefined) return;
      expect(tags).toContain(selected);
      expect(selected).not.toBe(current);
    }), RUNS);
  });

  it('says the same, the reason included, whatever the order of the tags and however often they come', () => {
    const lists = tagList.chain((tags) => fc.tuple(fc.constant(tags), fc.shuffledSubarray([...tags, ...tags], { minLength: tags.length * 2 })));
    fc.assert(fc.property(anyRule, anyTag, lists, (rule, current, [tags, shuffled]) => {
      expect(outcome(rule, current, shuffled)).toEqual(outcome(rule, current, tags));
    }), RUNS);
  });

  it('stays where it has moved to', () => {
    fc.assert(fc.property(anyRule, anyTag, tagList, (rule, current, tags) => {
      const selected = select(rule, current, tags);
      if (selected === undefined) return;
      expect(select(rule, selected, tags)).toBeUndefined();
    }), RUNS);
  });

  it('gives its candidates best first, each once, all of them', () => {
    fc.assert(fc.property(anyRule, anyTag, tagList, (rule, current, tags) => {
      const chooser = rule.from(current);
      const candidates = [...chooser.candidates(tags)];
      const miss = chooser.misses(tags);
      expect(new Set(candidates).size).toBe(candidates.length);
      for (let i = 1; i < candidates.length; i++) expect(chooser.isBelow(candidates[i]!, candidates[i - 1]!)).toBe(true);
      if (chooser.stuck !== undefined) return;
      expect([...candidates].sort()).toEqual([...new Set(tags)].filter((tag) => miss(tag) === undefined).sort());
    }), RUNS);
  });
});

describe('a rule that only goes up', () => {
  it('never takes a version below the current one', () => {
    fc.assert(fc.property(fc.constantFrom(...rules.filter(({ type }) => type !== 'alphabetical')), anyTag, tagList, (rule, current, tags) => {
      const selected = select(rule, current, tags);
      const before = parseVersionTag(current);
      const after = selected === undefined ? undefined : parseVersionTag(selected);
      if (before === undefined || after === undefined) return;
      // `numerical` has its own order, of fractions.
      if (rule.type === 'numerical') expect(Number(selected)).toBeGreaterThanOrEqual(Number(current));
      else expect(comparePrecedence(after, before)).toBeGreaterThanOrEqual(rule.type === 'calver-prerelease' ? 0 : 1);
    }), RUNS);
  });

  it('changes nothing for an older tag more', () => {
    fc.assert(fc.property(fc.constantFrom(...rules.filter(({ type }) => VERSION_RULES.test(type) && type !== 'calver-prerelease')), versionTag, tagList, versionTag, (rule, current, tags, more) => {
      fc.pre(comparePrecedence(parseVersionTag(more)!, parseVersionTag(current)!) <= 0);
      expect(select(rule, current, [...tags, more])).toBe(select(rule, current, tags));
    }), RUNS);
  });

  it('takes a candidate of the current line, by a semver or calver rule', () => {
    fc.assert(fc.property(fc.constantFrom(...rules.filter(({ type }) => /^(?:semver|calver)-(?!pre)/.test(type))), anyTag, tagList, (rule, current, tags) => {
      const selected = select(rule, current, tags);
      if (selected !== undefined) expect(isCandidate(parseVersionTag(current)!, parseVersionTag(selected)!)).toBe(true);
    }), RUNS);
  });
});

describe('the verdicts', () => {
  it('cover every tag and rule exactly once, and select what the rule takes', () => {
    const filters = fc.constantFrom(undefined, buildTagFilter({ exclude: 'alpine' }), buildTagFilter({ extract: '^v?(\\d+)' }), buildTagFilter({ include: '^1', platforms: ['linux/amd64'] }));
    fc.assert(fc.property(fc.subarray([...rules, ...ascending, ruleOf('digest')]), filters, anyTag, tagList, (rules, filter, currentTag, tags) => {
      const question = { rules, filter, currentTag, tags, noFacts: 'nobody was asked' };
      const verdicts = explain(question);
      const different = new Set(tags);
      expect(verdicts.length).toBe(rules.length * different.size);
      for (const [i, rule] of rules.entries()) {
        const its = verdicts.slice(i * different.size, (i + 1) * different.size);
        expect(new Set(its.map(({ tag }) => tag))).toEqual(different);
        expect(its.every((verdict) => verdict.rule === rule.name && verdict.reason !== '')).toBe(true);
        const selected = outcome(rule, currentTag, tags, { filter, noFacts: 'nobody was asked' }).tag;
        expect(its.filter(({ verdict }) => verdict === 'selected').map(({ tag }) => tag)).toEqual(selected === undefined ? [] : [selected]);
        if (selected === undefined) expect(its.some(({ verdict }) => verdict === 'older')).toBe(false);
      }
    }), { numRuns: 1_000 });
  });
});

describe('reading a line without parsing', () => {
  const check = (current: string, tag: string): void => {
    const version = parseVersionTag(current);
    if (version === undefined) return;
    const line = new Line(version);
    const parsed = parseVersionTag(tag);
    const is = parsed !== undefined && isCandidate(version, parsed);
    const reading = line.read(tag);
    if (reading === PARSE) return;
    expect([current, tag, reading]).toEqual([current, tag, is ? YES : NO]);
    if (is) expect(line.parts).toEqual([...parsed.numbers, ...parsed.revision]);
  };

  it('tells candidates as parsing does', () => {
    fc.assert(fc.property(anyTag, anyTag, check), { numRuns: 20_000 });
    const similar = versionTag.chain((tag) => fc.tuple(fc.constant(tag), fc.tuple(fc.nat(tag.length), fc.constantFrom('', '0', '1', '.', '-', '_', 'v', 'a', '-rc1', '123456')).map(([at, text]) => tag.slice(0, at) + text + tag.slice(at + 1))));
    fc.assert(fc.property(similar, ([current, tag]) => check(current, tag)), { numRuns: 20_000 });
  });
});

describe('the natural order', () => {
  it('is total', () => {
    fc.assert(fc.property(anyTag, anyTag, anyTag, (a, b, c) => {
      expect(Math.sign(compareNaturally(a, b))).toBe(-Math.sign(compareNaturally(b, a)) + 0);
      expect(compareNaturally(a, b) === 0).toBe(a === b);
      if (compareNaturally(a, b) <= 0 && compareNaturally(b, c) <= 0) expect(compareNaturally(a, c)).toBeLessThanOrEqual(0);
    }), RUNS);
  });

  it('sorts a list as it compares two', () => {
    fc.assert(fc.property(tagList, (tags) => {
      const sorted = [...tags].sort((a, b) => compareNaturally(b, a));
      expect(newestFirst(tags)).toEqual(sorted);
      expect(newestOf(tags)).toBe(sorted[0]);
    }), RUNS);
  });
});

describe('on plain versions, like npm', () => {
  const plain = fc.tuple(fc.nat(6), fc.nat(6), fc.nat(6), fc.constantFrom('', '', '', '-alpha.1', '-beta.2', '-rc.1', '-rc.10')).map(([a, b, c, pre]) => `${a}.${b}.${c}${pre}`);
  const range = fc.oneof(
    fc.tuple(fc.constantFrom('^', '~', '>=', '>', '<=', '<', '=', ''), plain).map(([operator, version]) => `${operator}${version}`),
    fc.constantFrom('*', '1.x', '2.3.x', '^0.2', '1 - 3', '>=1 <4 || 5.x', '~1.2.3-rc.1'),
  );

  it.each<[RuleType, (current: semver.SemVer, tag: semver.SemVer) => boolean]>([
    ['semver-major', (current, tag) => tag.major > current.major],
    ['semver-minor', (current, tag) => tag.major === current.major && tag.minor > current.minor],
    ['semver-patch', (current, tag) => tag.major === current.major && tag.minor === current.minor && tag.compare(current) > 0],
  ])('%s takes the highest', (type, rises) => {
    fc.assert(fc.property(plain, fc.array(plain, { maxLength: 40 }), (current, tags) => {
      const now = semver.parse(current)!;
      const taken = tags.map((tag) => semver.parse(tag)!).filter((tag) => rises(now, tag) && (tag.prerelease.length === 0 || (now.prerelease.length > 0 && tag.compareMain(now) === 0)));
      expect(select(ruleOf(type), current, tags)).toBe(semver.rsort(taken)[0]?.version);
    }), RUNS);
  });

  it('semver-range takes the highest in the range', () => {
    fc.assert(fc.property(range, plain, fc.array(plain, { maxLength: 40 }), (range, current, tags) => {
      const now = semver.parse(current)!;
      const newer = tags.filter((tag) => semver.gt(tag, current) && (semver.prerelease(tag) === null || (now.prerelease.length > 0 && now.compareMain(tag) === 0)));
      expect(select(ruleOf('semver-range', range), current, tags) ?? null).toBe(semver.maxSatisfying(newer, range));
    }), RUNS);
  });
});

describe('the tags of real repositories', () => {
  const repositories = JSON.parse(readFileSync(join(import.meta.dirname, '../../../test/data/real-tags.json'), 'utf8')) as Record<string, string>;

  it.each(Object.entries(repositories).map(([name, list]) => [name, list.split(' ')] as const))('%s: no rule goes down, or moves twice', (_name, tags) => {
    const every = Math.max(1, Math.floor(tags.length / 12));
    for (const current of tags.filter((_, i) => i % every === 0)) {
      for (const rule of rules) {
        const selected = select(rule, current, tags);
        if (selected === undefined) continue;
        expect(tags).toContain(selected);
        expect(select(rule, selected, tags), `${rule.name} from ${current}`).toBeUndefined();
        const [before, after] = [parseVersionTag(current), parseVersionTag(selected)];
        if (before !== undefined && after !== undefined && VERSION_RULES.test(rule.type)) expect(comparePrecedence(after, before), `${rule.name} from ${current}`).toBeGreaterThan(0);
      }
    }
  });
});
