import { EVERY_TAG } from '../../tag/tag-filter.ts';
import { isUnknown } from '../facts.ts';
import { factOf, type Veto } from './veto.ts';

/** kimup has not known the tag's digest for as long as `spec.tags.minimumAge` asks for. */
export const tooYoung: Veto = ({ tag }, input) => {
  const { minimumAgeMs } = input.filter ?? EVERY_TAG;
  if (minimumAgeMs === 0) return undefined;
  const firstSeen = factOf(tag, 'firstSeen', input);
  if (firstSeen === undefined) return { tag, missing: ['firstSeen'] };
  if (isUnknown(firstSeen)) return { reason: `has an unknown age: ${firstSeen.unknown}` };
  const recheckAt = firstSeen + minimumAgeMs;
  return recheckAt > (input.now ?? 0)
    ? { reason: `is younger than spec.tags.minimumAge, until ${new Date(recheckAt).toISOString()}`, recheckAt }
    : undefined;
};
