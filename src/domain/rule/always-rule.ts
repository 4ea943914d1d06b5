import type { RuleSpec } from './rule-spec.ts';
import { comparePrecedence, compareSpelling } from '../tag/compare-versions.ts';
import { parseVersionTag } from '../tag/version-tag.ts';
import { selectBy } from './candidate-selector.ts';
import { notBetter } from './miss.ts';
import { notAVersion, noVersion } from './version-rule.ts';
import { reachOfVersions } from './reach.ts';
import type { Rule } from './rule.ts';

/** `always`: the newest release above the current tag, whatever its parts and its variant; for tests. */
export function alwaysRule({ name, type, actions }: RuleSpec): Rule {
  return {
    name,
    type,
    actions,
    reach: reachOfVersions((_, target) => target.preRelease === undefined),
    from(currentTag) {
      const current = parseVersionTag(currentTag);
      if (current === undefined) return noVersion(currentTag);
      return selectBy({
        description: {
          one: `is the newest release above ${currentTag}`,
          none: `no tag is a release above ${currentTag}`,
        },
        accepts(tag) {
          const version = parseVersionTag(tag);
          return version !== undefined && version.preRelease === undefined && comparePrecedence(version, current) > 0;
        },
        miss(tag) {
          const version = parseVersionTag(tag);
          if (version === undefined) return notAVersion(tag);
          if (comparePrecedence(version, current) <= 0) return notBetter('not above the current tag');
          return version.preRelease === undefined
            ? undefined
            : { reason: 'a pre-release', newer: true, sameSeries: false, distance: 1 };
        },
        compare: (a, b) =>
          comparePrecedence(parseVersionTag(a)!, parseVersionTag(b)!) || compareSpelling(currentTag, a, b),
      });
    },
  };
}
