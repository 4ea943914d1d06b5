import { EVERY_TAG } from '../../tag/tag-filter.ts';
import { isUnknown } from '../facts.ts';
import { factOf, type Veto } from './veto.ts';

/** The tag is not for all of `spec.tags.platforms`. */
export const lacksPlatform: Veto = ({ tag }, input) => {
  const { platforms: wanted } = input.filter ?? EVERY_TAG;
  if (wanted.length === 0) return undefined;
  const platforms = factOf(tag, 'platforms', input);
  if (platforms === undefined) return { tag, missing: ['platforms'] };
  if (isUnknown(platforms)) return { reason: `has unknown platforms: ${platforms.unknown}` };
  const lacking = wanted.filter((platform) => !hasPlatform(platforms, platform));
  return lacking.length > 0 ? { reason: `lacks ${lacking.join(', ')}` } : undefined;
};

/** What an architecture means without a variant (containerd's platforms.Normalize). */
const DEFAULT_VARIANT: Readonly<Record<string, string>> = { arm64: 'v8', arm: 'v7' };

/** Whether `wanted` (`linux/amd64`, `linux/arm/v7`) is among `platforms`; a wanted one without a variant is any of its architecture. */
export function hasPlatform(platforms: readonly string[], wanted: string): boolean {
  const [os, architecture, variant] = wanted.toLowerCase().split('/');
  return platforms.some((platform) => {
    const [itsOs, itsArchitecture = '', itsVariant] = platform.toLowerCase().split('/');
    return (
      itsOs === os &&
      itsArchitecture === architecture &&
      (variant === undefined || (itsVariant ?? DEFAULT_VARIANT[itsArchitecture]) === variant)
    );
  });
}
