import { describe, expect, it } from 'vitest';
import { answer, ruleOf } from '../../../test/support/domain/rules.ts';
import { buildRule } from '../rule/rule-catalogue.ts';
import { buildTagFilter } from '../tag/tag-filter.ts';
import { decide, type Decision, type DecisionInput } from './decide.ts';
import { explain } from './explain.ts';
import type { TagFacts } from './facts.ts';
import { MOST_TRIED } from './select-candidate.ts';

const TAGS = ['1.9', '1.10', '1.11', '1.12', '2.0'];
const HOUR = 3_600_000;
const NOW = Date.UTC(2026, 10, 22);

/** Asks until there is an answer, of a registry that knows these facts. */
function decideWith(
  registry: Readonly<Record<string, TagFacts>>,
  input: DecisionInput,
): { readonly decision: Decision; readonly asked: readonly string[] } {
  const facts = new Map<string, TagFacts>();
  const asked: string[] = [];
  for (;;) {
    const decision = decide({ ...input, facts });
    if (decision.kind !== 'ask') return { decision, asked };
    asked.push(`${decision.tag} ${decision.facts.join(' ')}`);
    if (asked.length > 200) throw new Error('asks for ever');
    const known = registry[decision.tag] ?? {};
    const gone = { unknown: 'the registry has no such tag' };
    facts.set(decision.tag, {
      ...facts.get(decision.tag),
      ...Object.fromEntries(decision.facts.map((fact) => [fact, known[fact] ?? gone])),
    });
  }
}

const moved = ({ decision }: ReturnType<typeof decideWith>): string =>
  decision.kind === 'move' ? decision.tag : decision.kind;

describe('the registry is asked', () => {
  const minor = { rules: [ruleOf('semver-minor')], currentTag: '1.9', tags: TAGS, now: NOW };

  it('nothing, where no fact is needed', () => {
    expect(decideWith({}, minor)).toMatchObject({ decision: { kind: 'move', tag: '1.12' }, asked: [] });
  });

  it('for platforms of the best only, where it passes', () => {
    const found = decideWith(
      { '1.12': { platforms: ['linux/amd64', 'linux/arm64/v8'] } },
      { ...minor, filter: buildTagFilter({ platforms: ['linux/arm64'] }) },
    );
    expect(moved(found)).toBe('1.12');
    expect(found.asked).toEqual(['1.12 platforms']);
  });

  it('best first, to the first that passes', () => {
    const found = decideWith(
      { '1.11': { platforms: ['linux/arm64'] }, '1.12': { platforms: ['linux/amd64'] } },
      { ...minor, filter: buildTagFilter({ platforms: ['linux/arm64'] }) },
    );
    expect(moved(found)).toBe('1.11');
    expect(found.asked).toEqual(['1.12 platforms', '1.11 platforms']);
  });

  it('once for a tag that two rules come to', () => {
    const found = decideWith(
      {},
      {
        ...minor,
        rules: [ruleOf('semver-minor'), ruleOf('semver-range', '1.x')],
        filter: buildTagFilter({ platforms: ['linux/arm64'] }),
      },
    );
    expect(found.asked).toEqual(['1.12 platforms', '1.11 platforms', '1.10 platforms']);
    expect(found.decision).toMatchObject({ kind: 'stay' });
  });

  it('for platforms and age at once', () => {
    const found = decideWith(
      { '1.12': { platforms: ['linux/arm64'], firstSeen: NOW - 2 * HOUR } },
      { ...minor, filter: buildTagFilter({ platforms: ['linux/arm64'], minimumAge: '2h' }) },
    );
    expect(moved(found)).toBe('1.12');
    expect(found.asked).toEqual(['1.12 platforms firstSeen']);
  });

  it(`about at most ${MOST_TRIED} tags a rule`, () => {
    const tags = Array.from({ length: 300 }, (_, i) => `1.${i}`);
    const found = decideWith(
      {},
      { ...minor, currentTag: '1.0', tags, filter: buildTagFilter({ platforms: ['linux/arm64'] }) },
    );
    expect(found.asked.length).toBe(MOST_TRIED);
    expect(found.asked.at(-1)).toBe('1.200 platforms');
    expect(found.decision).toMatchObject({ kind: 'stay' });
  });

  it('not at all where nobody can be: what is missing is unknown, and why', () => {
    const { outcomes, kind } = answer({
      ...minor,
      filter: buildTagFilter({ minimumAge: '1d' }),
      noFacts: 'the tags come from a file',
    });
    expect(kind).toBe('stay');
    expect(outcomes[0]).toMatchObject({
      tag: undefined,
      reason:
        'no tag with major 1 and a minor above 9; 1.12 has an unknown age: the tags come from a file; 2 more do not meet the requirements',
    });
  });
});

describe('where a registry can be asked, a tag is moved to once its digest is known', () => {
  const minor: DecisionInput = {
    rules: [ruleOf('semver-minor')],
    currentTag: '1.9',
    tags: TAGS,
    now: NOW,
    provenTags: true,
  };
  const there = Object.fromEntries(TAGS.map((tag) => [tag, { digest: `sha256:${tag}`, platforms: ['linux/arm64'] }]));

  it('which is asked of that one', () => {
    expect(decideWith(there, minor)).toMatchObject({ decision: { kind: 'move', tag: '1.12' }, asked: ['1.12 digest'] });
  });

  it('and the next best is taken in the place of one that has none, with the reason', () => {
    const { '1.12': _, ...rest } = there;
    const { decision, asked } = decideWith(rest, minor);
    expect(asked).toEqual(['1.12 digest', '1.11 digest']);
    expect(decision).toMatchObject({
      kind: 'move',
      tag: '1.11',
      reason:
        "1.11 is the highest with major 1 and a minor above 9 among the tags that meet all requirements; 1.12 is listed but can't be pulled: the registry has no such tag",
    });
  });

  it('and none where all have none', () => {
    const { decision, asked } = decideWith({}, minor);
    expect(asked).toEqual(['1.12 digest', '1.11 digest', '1.10 digest']);
    expect(decision).toMatchObject({
      kind: 'stay',
      outcomes: [
        { tag: undefined, reason: expect.stringContaining('; 2 more do not meet the requirements') as string },
      ],
    });
  });

  it('also where all that can be asked was asked', () => {
    expect(answer({ ...minor, noFacts: 'not asked' })).toMatchObject({
      kind: 'stay',
      outcomes: [{ reason: expect.stringContaining("1.12 is listed but can't be pulled: not asked") as string }],
    });
  });

  it('together with what else has to be known of it', () => {
    expect(decideWith(there, { ...minor, filter: buildTagFilter({ platforms: ['linux/arm64'] }) })).toMatchObject({
      decision: { tag: '1.12' },
      asked: ['1.12 digest platforms'],
    });
  });

  it.each<[what: string, more: Partial<DecisionInput>, asked: readonly string[]]>([
    [
      'by the first rule that moves, not by those after it',
      { rules: [ruleOf('semver-minor'), ruleOf('semver-major')] },
      ['1.12 digest'],
    ],
    [
      'by the next rule where the first finds nothing',
      { rules: [ruleOf('semver-patch'), ruleOf('semver-major')] },
      ['2.0 digest'],
    ],
    [
      'not by a rule that only tells of it',
      { rules: [buildRule({ name: 'tell', type: 'semver-minor', actions: [{ type: 'alert-email' }] }, 0)] },
      [],
    ],
    ['not while an update is under way', { updating: { tag: '1.10', rule: 'minor' } }, []],
    ['not where nothing is newer', { currentTag: '2.0' }, []],
  ])('%s', (_, more, asked) => {
    expect(decideWith(there, { ...minor, ...more }).asked).toEqual(asked);
  });

  it('and one that is known to have none is taken by no rule, also if that only tells of it', () => {
    const tell = buildRule({ name: 'tell', type: 'semver-range', value: '1.x', actions: [{ type: 'alert-email' }] }, 0);
    const { '1.12': _, ...rest } = there;
    for (const rules of [
      [ruleOf('semver-minor'), tell],
      [tell, ruleOf('semver-minor')],
    ]) {
      expect(decideWith(rest, { ...minor, rules }).decision).toMatchObject({ tag: '1.11', alerts: [{ tag: '1.11' }] });
    }
  });

  it('as the explanation has it too', () => {
    const facts = new Map([
      ['1.12', { digest: { unknown: 'the registry does not have it' } }],
      ['1.11', { digest: 'sha256:b' }],
    ]);
    const told = explain({ ...minor, rules: [ruleOf('semver-minor'), ruleOf('semver-major')], facts }).filter(
      ({ verdict }) => verdict === 'selected',
    );
    expect(told.map(({ rule, tag }) => `${rule} ${tag}`)).toEqual(['semver-minor 1.11', 'semver-major 2.0']);
  });
});

describe('a tag that is too young', () => {
  it('gives way to an older one that is not, and the answer says when to look again', () => {
    const input: DecisionInput = {
      rules: [ruleOf('semver-minor')],
      currentTag: '1.9',
      tags: TAGS,
      now: NOW,
      filter: buildTagFilter({ minimumAge: '3d' }),
    };
    const { decision } = decideWith(
      {
        '1.12': { firstSeen: NOW - 71 * HOUR },
        '1.11': { firstSeen: NOW - 2 * HOUR },
        '1.10': { firstSeen: NOW - 100 * HOUR },
      },
      input,
    );
    expect(decision).toMatchObject({ kind: 'move', tag: '1.10', recheckAt: NOW + HOUR });
    expect(decision).toMatchObject({
      reason:
        '1.10 is the highest with major 1 and a minor above 9 among the tags that meet all requirements; 1.12 is younger than spec.tags.minimumAge, until 2026-11-22T01:00:00.000Z; 1 more does not meet the requirements',
    });
  });
});

describe('more candidates than are looked at', () => {
  const tags = Array.from({ length: 104 }, (_, i) => `1.${i + 1}`);
  const young = Object.fromEntries(tags.map((tag, i) => [tag, { firstSeen: NOW - ((104 - i) * HOUR) / 10 }]));
  const input: DecisionInput = {
    rules: [ruleOf('semver-minor')],
    currentTag: '1.0',
    tags,
    now: NOW,
    filter: buildTagFilter({ minimumAge: '3d' }),
  };

  it('are told so, though an older one might pass, and when the first of those looked at will', () => {
    const { decision, asked } = decideWith({ ...young, '1.1': { firstSeen: NOW - 1_000 * HOUR } }, input);
    expect(asked.length).toBe(MOST_TRIED);
    expect(decision).toMatchObject({ kind: 'stay', recheckAt: NOW - 10 * HOUR + 72 * HOUR });
    expect(decision.kind === 'stay' && decision.outcomes[0]!.reason).toMatch(
      /^no tag with major 1 and a minor above 0; 1\.104 is younger than spec\.tags\.minimumAge, until [^;]+; 100 newer candidates did not meet the requirements; older ones were not checked$/,
    );
  });

  it('are told so of a rule that goes down', () => {
    const down: DecisionInput = {
      ...input,
      rules: [ruleOf('numerical', 'asc')],
      currentTag: '999',
      tags: tags.map((_, i) => String(i)),
    };
    const { decision } = decideWith({}, down);
    expect(decision.kind === 'stay' && decision.outcomes[0]!.reason).toContain(
      '; 100 lower candidates did not meet the requirements; higher ones were not checked',
    );
  });

  it('are not told so where all were looked at', () => {
    const { decision } = decideWith(young, { ...input, tags: tags.slice(4) });
    expect(decision.kind === 'stay' && decision.outcomes[0]!.reason).toContain(
      '; 99 more do not meet the requirements',
    );
  });

  it('each say so in the explanation', () => {
    const facts = new Map(Object.entries(young));
    const told = explain({ ...input, facts }).filter(({ reason }) => !reason.startsWith('is younger'));
    expect(told.map(({ tag, reason }) => `${tag} ${reason}`)).toEqual(
      ['1.4', '1.3', '1.2', '1.1'].map(
        (tag) => `${tag} was not checked, because 100 better candidates did not meet the requirements`,
      ),
    );
  });
});

describe('the digest rule', () => {
  const digest = { rules: [ruleOf('digest')], currentTag: 'latest', tags: ['latest', '1.0'], now: NOW };

  it('moves to the same tag where it points at something new', () => {
    expect(decideWith({ latest: { digest: 'sha256:b' } }, { ...digest, currentDigest: 'sha256:a' })).toMatchObject({
      decision: { kind: 'move', tag: 'latest', rule: 'digest' },
      asked: ['latest digest'],
    });
  });

  it('stays where it points at the same, and asks for no platforms then', () => {
    const found = decideWith(
      { latest: { digest: 'sha256:a' } },
      { ...digest, currentDigest: 'sha256:a', filter: buildTagFilter({ platforms: ['linux/arm64'] }) },
    );
    expect(found).toMatchObject({ decision: { kind: 'stay' }, asked: ['latest digest'] });
  });

  it('asks for platforms of what is new', () => {
    const found = decideWith(
      { latest: { digest: 'sha256:b', platforms: ['linux/amd64'] } },
      { ...digest, currentDigest: 'sha256:a', filter: buildTagFilter({ platforms: ['linux/arm64'] }) },
    );
    expect(found).toMatchObject({ decision: { kind: 'stay' }, asked: ['latest digest', 'latest platforms'] });
  });

  it('records the digest where none is recorded, and moves nothing', () => {
    expect(decideWith({ latest: { digest: 'sha256:b' } }, digest).decision).toMatchObject({
      kind: 'stay',
      currentDigest: 'sha256:b',
    });
  });

  it('sees the whole tag, whatever is extracted, and not one that is excluded', () => {
    expect(
      moved(
        decideWith(
          { latest: { digest: 'sha256:b' } },
          { ...digest, currentDigest: 'sha256:a', filter: buildTagFilter({ extract: '^(.)' }) },
        ),
      ),
    ).toBe('latest');
    expect(
      moved(
        decideWith(
          { latest: { digest: 'sha256:b' } },
          { ...digest, currentDigest: 'sha256:a', filter: buildTagFilter({ exclude: 'latest' }) },
        ),
      ),
    ).toBe('stay');
  });

  it('leaves a digest alone whose rollout failed', () => {
    const rejected = { tag: 'latest', digest: 'sha256:b', reason: 'crash loop' };
    expect(
      moved(decideWith({ latest: { digest: 'sha256:b' } }, { ...digest, currentDigest: 'sha256:a', rejected })),
    ).toBe('stay');
    expect(
      moved(decideWith({ latest: { digest: 'sha256:c' } }, { ...digest, currentDigest: 'sha256:a', rejected })),
    ).toBe('latest');
  });
});

describe('a tag whose rollout failed', () => {
  const input = {
    rules: [ruleOf('semver-minor')],
    currentTag: '1.9',
    tags: TAGS,
    now: NOW,
    rejected: { tag: '1.12', digest: 'sha256:b', reason: 'crash loop' },
  };

  it('is left out, and what is older, while it points at the digest that failed', () => {
    expect(decideWith({ '1.12': { digest: 'sha256:b' } }, input)).toMatchObject({
      decision: { kind: 'stay' },
      asked: ['1.12 digest'],
    });
  });

  it('is taken when it points at another', () => {
    expect(decideWith({ '1.12': { digest: 'sha256:c' } }, input)).toMatchObject({
      decision: { kind: 'move', tag: '1.12' },
      asked: ['1.12 digest'],
    });
  });

  it('is not even asked about where there is a newer one', () => {
    expect(decideWith({}, { ...input, tags: [...TAGS, '1.13'] })).toMatchObject({
      decision: { kind: 'move', tag: '1.13' },
      asked: [],
    });
  });

  it('holds back no digest move of another tag', () => {
    expect(
      moved(
        decideWith(
          { '1.9': { digest: 'sha256:y' } },
          { ...input, rules: [ruleOf('digest')], currentDigest: 'sha256:x' },
        ),
      ),
    ).toBe('1.9');
  });
});
