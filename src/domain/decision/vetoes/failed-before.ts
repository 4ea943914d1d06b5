import { comparePrecedence } from '../../tag/compare-versions.ts';
import { isNewerVersion } from '../../tag/natural-order.ts';
import { isSameShape } from '../../tag/runs.ts';
import { parseVersionTag, type VersionTag } from '../../tag/version-tag.ts';
import { isUnknown } from '../facts.ts';
import { factOf, type Veto } from './veto.ts';

/**
 * The tag failed its rollout, or is an older one of its series: taking the next best instead, and then the failed one again,
 * would roll the workloads for ever. Where the tag now points to another digest, it is no longer kept out.
 */
export const failedBefore: Veto = ({ tag, rule }, input) => {
  const { rejected, tags } = input;
  if (rejected === undefined) return undefined;
  if (tag !== rejected.tag && (rule.byDigest === true || !isOlder(parseVersionTag(tag), parseVersionTag(rejected.tag))))
    return undefined;
  const reason =
    tag === rejected.tag
      ? `is skipped until it points to a new digest, because its rollout failed (${rejected.reason})`
      : `is skipped because it is older than ${rejected.tag}, whose rollout failed (${rejected.reason})`;
  if (rejected.digest === undefined || !tags.includes(rejected.tag)) return { reason };
  const digest = factOf(rejected.tag, 'digest', input);
  if (digest === undefined) return { tag: rejected.tag, missing: ['digest'] };
  return isUnknown(digest) || digest === rejected.digest ? { reason } : undefined;
};

function isOlder(tag: VersionTag | undefined, than: VersionTag | undefined): boolean {
  if (tag === undefined || than === undefined || tag.prefix !== than.prefix) return false;
  if (tag.variant === than.variant) return comparePrecedence(tag, than) <= 0;
  return isSameShape(tag.variant, than.variant) && isNewerVersion(than, tag);
}
