/** By their names in small letters. Only what the IANA database knows gets in: some 600 names. */
const names = new Map<string, string>();

/**
 * A time zone's name as it is usually written, for one in any case: `Europe/Paris` for `europe/paris`, so that whoever keeps
 * something a zone keeps it once.
 * @returns `undefined` where the IANA database has no zone of that name
 */
export function timeZoneName(name: string): string | undefined {
  if (names.size === 0)
    for (const known of ['UTC', ...Intl.supportedValuesOf('timeZone')]) names.set(known.toLowerCase(), known);
  const key = name.toLowerCase();
  const known = names.get(key) ?? otherName(key);
  if (known !== undefined) names.set(key, known);
  return known;
}

/** Names that were given up for others, such as `US/Eastern`, are not in Intl's list. An offset such as `+01:00` is no name. */
function otherName(name: string): string | undefined {
  if (!/^[a-z]/.test(name)) return undefined;
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: name }).resolvedOptions().timeZone;
  } catch {
    return undefined;
  }
}
