import { EVERY_TAG } from '../../tag/tag-filter.ts';
import { isUnknown } from '../facts.ts';
import { factOf, type Veto } from './veto.ts';

/** Of a digest rule: the tag is hidden from the rules, or points at what the Image is on already. */
export const digestUnchanged: Veto = ({ tag, rule }, input) => {
  if (rule.byDigest !== true) return undefined;
  const { filter = EVERY_TAG, currentDigest } = input;
  const hidden = filter.hides(tag);
  if (hidden !== undefined) return { reason: hidden };
  const digest = factOf(tag, 'digest', input);
  if (digest === undefined) return { tag, missing: ['digest'] };
  if (isUnknown(digest)) return { reason: `points to an unknown digest: ${digest.unknown}` };
  if (currentDigest === undefined)
    return { reason: 'has no recorded digest to compare with yet', currentDigest: digest };
  return digest === currentDigest ? { reason: `still points to ${digest}` } : undefined;
};
