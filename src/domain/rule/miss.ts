import { isCompanion } from '../tag/version-tag.ts';
import type { Miss } from './rule.ts';

/** Why a signature, an attestation or another companion of a digest is no candidate. */
export const COMPANION: Miss = {
  reason: 'a signature or an attestation',
  newer: false,
  sameSeries: false,
  distance: 9,
};

/** Why a tag that a rule can't compare with others at all is no candidate. @param reason what it is: `not a version` */
export function notComparable(tag: string, reason: string): Miss {
  return isCompanion(tag) ? COMPANION : { reason, newer: false, sameSeries: false, distance: 9 };
}

/** Why a tag that a rule could compare, and that betters nothing, is no candidate. @param reason what it is: `not above the current tag` */
export function notBetter(reason: string): Miss {
  return { reason, newer: false, sameSeries: true, distance: 0 };
}
