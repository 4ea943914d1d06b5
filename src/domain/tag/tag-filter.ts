import { PLATFORM, type TagsSpec } from './tags-spec.ts';
import { InvalidRuleError } from './invalid-rule-error.ts';
import { parseDuration } from '../../support/duration.ts';
import { compilePattern, InvalidPatternError, type Pattern } from './pattern.ts';
import { compareSpelling } from './compare-versions.ts';

/** `spec.tags`: which tags the rules see, and as what. Built and checked once by {@link buildTagFilter}, then pure. */
export interface TagFilter {
  /** `linux/amd64`, …: a tag that is taken must have all of them. Empty where nothing is asked for. */
  readonly platforms: readonly string[];
  /** How long kimup must have known a tag's digest, milliseconds; 0 where nothing is asked for. */
  readonly minimumAgeMs: number;
  /** What the rules see of these tags. */
  show(currentTag: string, tags: readonly string[]): Shown;
  /** What the rules see of a tag, whether or not include and exclude hide it; `undefined` where `spec.tags.extract` does not match it. */
  textOf(tag: string): string | undefined;
  /** Why the rules don't see a tag, after its name (`does not match spec.tags.include`); `undefined` where they do. */
  hides(tag: string): string | undefined;
}

/** What the rules see. */
export interface Shown {
  /** The current tag; `undefined` where `spec.tags.extract` does not match it. */
  readonly current: string | undefined;
  readonly tags: readonly string[];
  /** The tags that the rules see as `text`, the best first; the same text where nothing is extracted. */
  tagsOf(text: string): readonly string[];
  /** What the rules see of a tag that is not hidden. */
  textOf(tag: string): string;
}

/** Without `spec.tags`: the rules see all tags as they are. */
export const EVERY_TAG: TagFilter = {
  platforms: [],
  minimumAgeMs: 0,
  show: (current, tags) => ({ current, tags, tagsOf: (text) => [text], textOf: (tag) => tag }),
  textOf: (tag) => tag,
  hides: () => undefined,
};

const IS_PLATFORM = new RegExp(PLATFORM);

/** @throws InvalidRuleError that names the field and what is wrong with it */
export function buildTagFilter(spec: TagsSpec | undefined): TagFilter {
  if (spec === undefined) return EVERY_TAG;
  const patterns = {
    include: patternOf('include', spec.include),
    exclude: patternOf('exclude', spec.exclude),
    extract: withGroup(patternOf('extract', spec.extract)),
  };
  const { include, exclude, extract } = patterns;
  return {
    platforms: checkedPlatforms(spec.platforms),
    minimumAgeMs: minimumAgeMs(spec.minimumAge),
    show:
      include === undefined && exclude === undefined && extract === undefined
        ? EVERY_TAG.show
        : (current, tags) => show(patterns, current, tags),
    textOf: (tag) => (extract === undefined ? tag : textOf(extract, tag)),
    hides(tag) {
      if (include?.matches(tag) === false) return 'does not match spec.tags.include';
      if (exclude?.matches(tag) === true) return 'matches spec.tags.exclude';
      return extract !== undefined && textOf(extract, tag) === undefined
        ? 'does not match spec.tags.extract'
        : undefined;
    },
  };
}

function withGroup(extract: Pattern | undefined): Pattern | undefined {
  if (extract?.groups !== 0) return extract;
  throw new InvalidRuleError(
    `spec.tags.extract: ${JSON.stringify(extract.source)} has no capture group; put parentheses around the part that the rules should see, such as "^build-(\\\\d+)$"`,
    ['spec', 'tags', 'extract'],
  );
}

function checkedPlatforms(platforms: TagsSpec['platforms'] = []): readonly string[] {
  for (const [i, platform] of platforms.entries()) {
    if (!IS_PLATFORM.test(platform))
      throw new InvalidRuleError(
        `spec.tags.platforms[${i}]: ${JSON.stringify(platform)} is not a platform; write it like linux/amd64 or linux/arm64/v8`,
        ['spec', 'tags', 'platforms', i],
      );
  }
  return platforms;
}

function minimumAgeMs(minimumAge: TagsSpec['minimumAge']): number {
  const ms = minimumAge === undefined || minimumAge === '' ? 0 : parseDuration(minimumAge);
  if (ms !== undefined) return ms;
  throw new InvalidRuleError(
    `spec.tags.minimumAge: ${JSON.stringify(minimumAge)} is not a duration; write it like 90m, 72h or 7d`,
    ['spec', 'tags', 'minimumAge'],
  );
}

interface Patterns {
  readonly include: Pattern | undefined;
  readonly exclude: Pattern | undefined;
  readonly extract: Pattern | undefined;
}

function show({ include, exclude, extract }: Patterns, currentTag: string, tags: readonly string[]): Shown {
  const seen = tags.filter((tag) => include?.matches(tag) !== false && exclude?.matches(tag) !== true);
  if (extract === undefined) return EVERY_TAG.show(currentTag, seen);
  const byText = new Map<string, Set<string>>();
  for (const tag of seen) {
    const text = textOf(extract, tag);
    if (text === undefined) continue;
    const tags = byText.get(text);
    if (tags === undefined) byText.set(text, new Set([tag]));
    else tags.add(tag);
  }
  return {
    current: textOf(extract, currentTag),
    tags: [...byText.keys()],
    tagsOf: (text) => [...(byText.get(text) ?? [])].sort((a, b) => compareSpelling(currentTag, b, a)),
    textOf: (tag) => textOf(extract, tag) ?? tag,
  };
}

/** An empty group is no text that a rule could make anything of. */
function textOf(extract: Pattern, tag: string): string | undefined {
  return extract.firstGroup(tag) || undefined;
}

function patternOf(field: 'include' | 'exclude' | 'extract', source: string | undefined): Pattern | undefined {
  if (source === undefined || source === '') return undefined;
  try {
    return compilePattern(source);
  } catch (error) {
    if (!(error instanceof InvalidPatternError)) throw error;
    throw new InvalidRuleError(`spec.tags.${field}: ${error.message}`, ['spec', 'tags', field], { cause: error });
  }
}
