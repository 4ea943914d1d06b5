/** metav1.MicroTime of `at` (milliseconds since the epoch): RFC 3339 with microseconds, of which Leases and Events want six digits. */
export function microTime(at: number): string {
  return new Date(at).toISOString().replace('Z', '000Z');
}
