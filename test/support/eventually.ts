import { vi } from 'vitest';
import { HANG_MS } from '../../tools/cluster/hang.ts';

/** Waits until `condition` answers something, and fails when it seems to hang. */
export function eventually<T>(
  condition: () => T | Promise<T>,
  everyMs = 20,
): Promise<Exclude<T, null | undefined | false | 0 | ''>> {
  return vi.waitUntil(condition, { timeout: HANG_MS, interval: everyMs }) as Promise<
    Exclude<T, null | undefined | false | 0 | ''>
  >;
}
