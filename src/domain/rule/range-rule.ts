import { Range, SemVer } from 'semver';
import type { RuleSpec } from '../image/image.ts';
import type { Part, VersionTag } from '../tag/version-tag.ts';
import { chooseOfLine } from './line-rule.ts';
import { InvalidRuleError, type Rule } from './rule.ts';

/** One end of a range: an operator (`''` is equality) and a version. */
interface Bound {
  readonly operator: string;
  readonly numbers: readonly [number, number, number];
  /** Whether it is a pre-release, and so below the release of its numbers. */
  readonly preRelease: boolean;
}

/** Longer ones are refused. */
const LONGEST_RANGE = 256;

/**
 * `semver-range`: the highest candidate above the current tag that is in a range of npm's syntax. A tag's first three
 * numbers count, those that it has not are 0; a pre-release is in a range as npm has it: where an end of the range is a
 * pre-release of the same numbers.
 * @param where names the rule, to begin a message with
 * @throws InvalidRuleError
 */
export function rangeRule({ name, type, actions, value }: RuleSpec, where: string): Rule {
  const range = parseRange(value, where);
  const sets = range.set.map((comparators) => comparators.map(boundOf).filter((bound) => bound !== undefined));
  const shown = value!.trim();
  return {
    name, type, actions,
    from: (currentTag) => chooseOfLine(currentTag, (current) => ({
      wanted: `in ${shown} above ${current.tag}`,
      preReleases: true,
      accepts: (parts) => current.preRelease !== undefined || sets.some((set) => set.every((bound) => isWithin(parts, bound))),
      acceptsVersion: (version) => isIn(range, sets, version),
      miss: () => ({ reason: `not in ${shown}`, distance: 1 }),
    })),
  };
}

function parseRange(value: string | undefined, where: string): Range {
  if (value === undefined || value.trim() === '') throw new InvalidRuleError(`${where}: value is missing; give a range in npm's syntax, such as "^1.2" or ">=1.2 <3"`);
  if (value.length > LONGEST_RANGE) throw new InvalidRuleError(`${where}: the range has ${value.length} characters, of ${LONGEST_RANGE} at most`);
  try {
    return new Range(value);
  } catch (error) {
    throw new InvalidRuleError(`${where}: ${JSON.stringify(value)} is no range in npm's syntax (such as "^1.2" or ">=1.2 <3")`, { cause: error });
  }
}

/** `undefined` for one that everything is within. */
function boundOf({ operator, semver }: Range['set'][number][number]): Bound | undefined {
  if (!(semver instanceof SemVer)) return undefined;
  return { operator, numbers: [semver.major, semver.minor, semver.patch], preRelease: semver.prerelease.length > 0 };
}

function isIn(range: Range, sets: readonly (readonly Bound[])[], version: VersionTag): boolean {
  const { preRelease, numbers } = version;
  if (preRelease === undefined) return sets.some((set) => set.every((bound) => isWithin(numbers, bound)));
  const [major, minor = 0, patch = 0] = numbers;
  return range.test(`${major}.${minor}.${patch}-${[preRelease.word, ...preRelease.numbers].join('.')}`);
}

/** Whether a release is within one end of a range. Numbers that a double can't hold are above all ends. */
function isWithin(parts: readonly Part[], { operator, numbers, preRelease }: Bound): boolean {
  let order = 0;
  for (let i = 0; i < 3 && order === 0; i++) {
    const part = parts[i] ?? 0;
    order = typeof part === 'string' ? 1 : part - numbers[i]!;
  }
  if (order === 0 && preRelease) order = 1;
  switch (operator) {
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
