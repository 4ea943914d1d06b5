import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { answer, outcome, ruleOf, tracked } from '../../../test/support/domain/rules.ts';
import { imageOf } from '../../../test/support/builders/image.ts';
import { mutatePod } from '../admission/mutate-pod.ts';
import type { TagFacts } from '../decision/facts.ts';
import type { ActionType } from '../action/action.ts';
import { RULE_TYPES, type RuleSpec, type RuleType } from './rule-spec.ts';
import { buildTagFilter } from '../tag/tag-filter.ts';
import { buildRules } from './rule-catalogue.ts';

/** A row of a table: its cells by their column, without the back ticks of code. */
type Row = Readonly<Record<string, string>>;

/** The tables of docs/rules.md, by the heading that they stand under. */
function tables(): ReadonlyMap<string, readonly Row[]> {
  const found = new Map<string, Row[]>();
  let heading = '';
  let columns: readonly string[] | undefined;
  for (const line of readFileSync(join(import.meta.dirname, '../../../docs/rules.md'), 'utf8').split('\n')) {
    if (line.startsWith('#')) heading = line.replace(/^#+ /, '');
    if (!line.startsWith('|')) {
      columns = undefined;
      continue;
    }
    const cells = line
      .slice(1, -1)
      .split(/(?<!\\)\|/)
      .map((cell) =>
        cell
          .trim()
          .replace(/^`(.*)`$/, '$1')
          .replaceAll('\\|', '|'),
      );
    if (columns === undefined) {
      columns = cells;
    } else if (!cells[0]!.startsWith('---')) {
      const row: Row = Object.fromEntries(columns.map((column, i) => [column, cells[i]!]));
      const name = 'facts' in row ? `${heading} (facts)` : heading;
      found.set(name, [...(found.get(name) ?? []), row]);
    }
  }
  return found;
}

const words = (text: string): readonly string[] => text.split(' ').filter((word) => word !== '');
const optional = (key: string, value: string | undefined): object =>
  value === undefined || value === '' ? {} : { [key]: value };
const TABLES = tables();
const rowsOf = (name: string): readonly Row[] => TABLES.get(name) ?? [];

describe.each(['Every rule', 'Edges', 'Tags of real repositories'])('docs/rules.md, %s', (name) => {
  it.each(rowsOf(name))('$rule $value, from $current among [$tags]: $takes', (row) => {
    const found = outcome(
      ruleOf(row['rule'] as RuleType, row['value'] || undefined),
      row['current']!,
      words(row['tags']!),
    );
    expect(found.tag ?? '').toBe(row['takes']);
    expect(found.reason).toContain(row['because']);
  });
});

describe('docs/rules.md, spec.tags', () => {
  it.each(rowsOf('Which tags the rules see: `spec.tags`'))(
    'include $include, exclude $exclude, extract $extract: $rule from $current among [$tags]: $takes',
    (row) => {
      const filter = buildTagFilter({
        ...optional('include', row['include']),
        ...optional('exclude', row['exclude']),
        ...optional('extract', row['extract']),
      });
      const found = outcome(ruleOf(row['rule'] as RuleType), row['current']!, words(row['tags']!), { filter });
      expect(found.tag ?? '').toBe(row['takes']);
      expect(found.reason).toContain(row['because']);
    },
  );

  const HOUR = 3_600_000;
  const NOW = Date.UTC(2026, 10, 22);
  const digest = (word: string): string => `sha256:${word.padEnd(64, '0')}`;

  /** `1.12 linux/amd64 linux/arm64`, `1.11 72` (hours), `latest new`, `1.10 gone`. */
  const factsOf = (cell: string): Map<string, TagFacts> =>
    new Map(
      cell
        .split('; ')
        .filter((one) => one !== '')
        .map((one): [string, TagFacts] => {
          const [tag = '', first = '', ...more] = one.split(' ');
          if (/^\d+$/.test(first)) return [tag, { firstSeen: NOW - Number(first) * HOUR }];
          if (first === 'gone') return [tag, { digest: { unknown: 'the registry does not have it' } }];
          return [tag, first.includes('/') ? { platforms: [first, ...more] } : { digest: digest(first) }];
        }),
    );

  it.each(rowsOf('Which tags the rules see: `spec.tags` (facts)'))(
    '$rule from $current among [$tags], platforms $platforms, minimum age $minimumAge, [$facts]: $takes',
    (row) => {
      const filter = buildTagFilter({
        platforms: words(row['platforms']!),
        ...optional('minimumAge', row['minimumAge']),
      });
      const facts = factsOf(row['facts']!);
      const found = outcome(ruleOf(row['rule'] as RuleType), row['current']!, words(row['tags']!), {
        filter,
        facts,
        now: NOW,
        currentDigest: digest('old'),
        ...(facts.size === 0 ? { noFacts: 'the registry was not queried' } : {}),
      });
      expect(found.tag ?? '').toBe(row['takes']);
      expect(found.reason).toContain(row['because']);
    },
  );
});

describe('docs/rules.md, rules in order', () => {
  it.each(rowsOf('Rules in order'))('$rules, from $current among [$tags]: $by moves to $[moves to]', (row) => {
    const rules = buildRules(
      row['rules']!.split('; ').map((each) => {
        const [type = '', actions = ''] = each.split(': ');
        return {
          name: type,
          type: type as RuleType,
          actions: actions.split(', ').map((action) => ({ type: action as ActionType })),
        };
      }),
    );
    const decision = answer({ rules, currentTag: row['current']!, tags: words(row['tags']!) });
    expect(decision.kind === 'move' ? [decision.tag, decision.rule] : ['', '']).toEqual([row['moves to'], row['by']]);
    expect(decision.alerts.map(({ rule, tag }) => `${rule} ${tag}`).join(', ')).toBe(row['alerts']);
  });
});

describe('docs/rules.md, the track', () => {
  it.each(rowsOf('Which containers get the tag: the track'))(
    '$rules, $extract, from $[base tag] to $[new tag]: $container becomes $becomes',
    (row) => {
      const [baseTag, tag] = [row['base tag']!, row['new tag']!];
      const rules = row['rules']!.split('; ').map((each): RuleSpec => {
        const [type = '', ...value] = each.split(' ');
        return {
          name: type,
          type: type as RuleType,
          ...optional('value', value.join(' ')),
          actions: [{ type: 'apply' }],
        };
      });
      const tags = row['extract'] === '' ? {} : { tags: { extract: row['extract']! } };
      const history = [
        { from: baseTag, to: tag, rule: rules[0]!.name, began: '', ended: '', outcome: 'Healthy' as const },
      ];
      const image = imageOf({
        spec: { image: 'app', baseTag, rules, ...tags },
        status: { image: 'app', baseTag, tag, history, conditions: [] },
      });
      const own = row['container'] === '' ? 'app' : `app:${row['container']}`;
      const { patches, warnings } = mutatePod({ spec: { containers: [{ name: 'main', image: own }] } }, () => [
        tracked(image),
      ]);
      expect(patches.map(({ image }) => image)).toEqual(row['becomes'] === '' ? [] : [`app:${row['becomes']}`]);
      expect(warnings.join()).toContain(row['because']);
      if (row['becomes'] !== '') expect(warnings).toEqual([]);
    },
  );
});

it('docs/rules.md has examples of every rule, and enough of them', () => {
  const shown = new Set([...TABLES.values()].flat().map((row) => row['rule']));
  expect(RULE_TYPES.filter((type) => !shown.has(type))).toEqual([]);
  expect([...TABLES.values()].flat().length).toBeGreaterThan(90);
});
