/** What an architecture means without a variant (containerd's platforms.Normalize). */
const DEFAULT_VARIANT: Readonly<Record<string, string>> = { arm64: 'v8', arm: 'v7' };

/** Whether `wanted` (`linux/amd64`, `linux/arm/v7`) is among `platforms`; a wanted one without a variant is any of its architecture. */
export function hasPlatform(platforms: readonly string[], wanted: string): boolean {
  const [os, architecture, variant] = wanted.toLowerCase().split('/');
  return platforms.some((platform) => {
    const [itsOs, itsArchitecture = '', itsVariant] = platform.toLowerCase().split('/');
    return itsOs === os && itsArchitecture === architecture
      && (variant === undefined || (itsVariant ?? DEFAULT_VARIANT[itsArchitecture]) === variant);
  });
}
