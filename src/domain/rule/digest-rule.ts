import type { RuleSpec } from './rule-spec.ts';
import type { Rule } from './rule.ts';

/** `digest`: the current tag itself, where it now points to another digest; which it does, the decision asks the registry. */
export function digestRule({ name, type, actions }: RuleSpec): Rule {
  return {
    name,
    type,
    actions,
    byDigest: true,
    reach: (origin, target) => (origin === target ? 'within' : 'out'),
    from: (currentTag) => ({
      description: { one: 'now points to another digest', none: `the registry no longer has the tag ${currentTag}` },
      candidates: (tags) => (tags.includes(currentTag) ? [currentTag] : []),
      explain: () => (tag) =>
        tag === currentTag
          ? undefined
          : { reason: 'not the current tag', newer: false, sameSeries: false, distance: 9 },
      isBelow: () => false,
    }),
  };
}
