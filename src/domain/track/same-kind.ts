import { isSameShape } from '../tag/runs.ts';
import { isCandidate } from '../tag/compare-versions.ts';
import { parseVersionTag } from '../tag/version-tag.ts';

/**
 * Whether two whole tags are of one kind, so that one may stand where the other did: of one series (what a rule without
 * `spec.tags.extract` would take, `isCandidate`), or of one shape.
 */
export function isSameKind(own: string, next: string): boolean {
  if (isSameShape(own, next)) return true;
  const version = parseVersionTag(own);
  const target = version === undefined ? undefined : parseVersionTag(next);
  return version !== undefined && target !== undefined && isCandidate(version, target);
}
