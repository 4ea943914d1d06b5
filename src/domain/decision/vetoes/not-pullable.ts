import { movesImage } from '../../action/action.ts';
import { isUnknown } from '../facts.ts';
import { factOf, type Veto } from './veto.ts';

/** The Image would move to the tag, and the registry lists it but does not have it, so that no pod could pull it. */
export const notPullable: Veto = ({ tag, rule }, input) => {
  const moves = input.provenTags === true && input.updating === undefined && rule.actions.some(movesImage);
  const digest = moves ? factOf(tag, 'digest', input) : input.facts?.get(tag)?.digest;
  if (moves && digest === undefined) return { tag, missing: ['digest'] };
  return isUnknown(digest) ? { reason: `is listed but can't be pulled: ${digest.unknown}` } : undefined;
};
