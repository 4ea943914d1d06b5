import { Range, SemVer } from 'semver';
import type { RuleSpec } from './rule-spec.ts';
import { LONGEST_RANGE } from './rule-value.ts';
import { comparePreReleases } from '../tag/compare-versions.ts';
import { type Part, parseVersionTag, type PreRelease } from '../tag/version-tag.ts';
import { selectOfSeries } from './version-rule.ts';
import { reachOfSeries } from './reach.ts';
import type { InvalidValue } from './invalid-value.ts';
import type { Rule } from './rule.ts';

/** One end of a range: an operator (`''` is equality) and a version. */
interface Bound {
  readonly operator: string;
  readonly numbers: readonly [number, number, number];
  readonly preRelease: PreRelease | undefined;
}

/**
 * `semver-range`: the highest candidate above the current tag that is in a range of npm's syntax. A tag's first three
 * numbers count, those that it has not are 0, its revision does not; a pre-release is in a range as npm has it: where an
 * end of the range is a pre-release of the same numbers, however the two are spelt.
 * @param invalidValue makes the error of a value that is wrong
 * @throws InvalidRuleError
 */
export function rangeRule({ name, type, actions, value }: RuleSpec, invalidValue: InvalidValue): Rule {
  const sets = parseRange(value, invalidValue).set.map((comparators) =>
    comparators.map(boundOf).filter((bound) => bound !== undefined),
  );
  const isIn = (numbers: readonly Part[], count: number, preRelease?: PreRelease): boolean =>
    sets.some(
      (set) =>
        set.every((bound) => isWithin(bound, numbers, count, preRelease)) &&
        (preRelease === undefined ||
          set.some((bound) => bound.preRelease !== undefined && orderOf(bound, numbers, count) === 0)),
    );
  const shown = value!.trim();
  return {
    name,
    type,
    actions,
    reach: reachOfSeries((_, { numbers, preRelease }) => isIn(numbers, numbers.length, preRelease)),
    from: (currentTag) =>
      selectOfSeries(currentTag, (current) => ({
        description: `in ${shown} above ${current.tag}`,
        preReleases: true,
        // Behind the numbers stands the revision.
        accepts: (parts) => current.preRelease !== undefined || isIn(parts, current.numbers.length),
        acceptsVersion: ({ numbers, preRelease }) => isIn(numbers, numbers.length, preRelease),
        miss: () => ({ reason: `not in ${shown}`, distance: 1 }),
      })),
  };
}

function parseRange(value: string | undefined, invalidValue: InvalidValue): Range {
  if (value === undefined || value.trim() === '')
    throw invalidValue(`value is missing; set it to a range in npm's syntax, such as "^1.2" or ">=1.2 <3"`);
  if (value.length > LONGEST_RANGE)
    throw invalidValue(`the range has ${value.length} characters; at most ${LONGEST_RANGE} are allowed`);
  try {
    return new Range(value);
  } catch (error) {
    throw invalidValue(`${JSON.stringify(value)} is not a range in npm's syntax (such as "^1.2" or ">=1.2 <3")`, {
      cause: error,
    });
  }
}

/** `undefined` for one that everything is within. */
function boundOf({ operator, semver }: Range['set'][number][number]): Bound | undefined {
  if (!(semver instanceof SemVer)) return undefined;
  return { operator, numbers: [semver.major, semver.minor, semver.patch], preRelease: preReleaseOf(semver) };
}

/**
 * As a tag's is read: `-RC1` is rc 1; what follows it (`-rc1-alpine`) is a tag's variant, which no range is about. What no
 * tag has (`-0`, which is below all of them, or `-foo.1`) keeps npm's place: numbers are below words.
 */
function preReleaseOf({ version, prerelease: identifiers }: SemVer): PreRelease | undefined {
  if (identifiers.length === 0) return undefined;
  const read = parseVersionTag(version)?.preRelease;
  if (read !== undefined) return read;
  const words = typeof identifiers[0] === 'string' ? 1 : 0;
  const numbers = identifiers.slice(words).filter((identifier) => typeof identifier === 'number');
  return { word: words === 0 ? '' : String(identifiers[0]).toLowerCase(), numbers };
}

/** Whether a version is within one end of a range. */
function isWithin(bound: Bound, numbers: readonly Part[], count: number, preRelease: PreRelease | undefined): boolean {
  const order = orderOf(bound, numbers, count) || comparePreReleases(preRelease, bound.preRelease);
  switch (bound.operator) {
    case '>':
      return order > 0;
    case '>=':
      return order >= 0;
    case '<':
      return order < 0;
    case '<=':
      return order <= 0;
    default:
      return order === 0;
  }
}

/** How the first `count` of a version's numbers are to a bound's. Numbers that a double can't hold are above all ends. */
function orderOf({ numbers: its }: Bound, numbers: readonly Part[], count: number): number {
  for (let i = 0; i < 3; i++) {
    const part = i < count ? numbers[i]! : 0;
    const order = typeof part === 'string' ? 1 : part - its[i]!;
    if (order !== 0) return order;
  }
  return 0;
}
