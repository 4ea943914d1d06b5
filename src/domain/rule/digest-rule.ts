import type { RuleSpec } from './rule-spec.ts';
import type { Rule } from './rule.ts';

/** `digest`: the current tag itself, where it points at another digest now; which it does, the decision asks the registry. */
export function digestRule({ name, type, actions }: RuleSpec): Rule {
  return {
    name,
    type,
    actions,
    byDigest: true,
    reach: (origin, target) => (origin === target ? 'within' : 'out'),
    from: (currentTag) => ({
      description: { one: 'points at another digest now', none: `the registry has no tag ${currentTag} any more` },
      candidates: (tags) => (tags.includes(currentTag) ? [currentTag] : []),
      explain: () => (tag) =>
        tag === currentTag ? undefined : { reason: 'another tag', newer: false, sameSeries: false, distance: 9 },
      isBelow: () => false,
    }),
  };
}
