import { describe, expect, it } from 'vitest';
import { type Backoff, backoffMs } from './backoff.ts';

describe('backoffMs', () => {
  it.each<[Backoff, number, number, number]>([
    // waits, failures, random, expected
    [{ firstMs: 500, mostMs: 8_000 }, 1, 0, 500],
    [{ firstMs: 500, mostMs: 8_000 }, 2, 0, 1_000],
    [{ firstMs: 500, mostMs: 8_000 }, 5, 0, 8_000],
    [{ firstMs: 500, mostMs: 8_000 }, 6, 0, 8_000],
    [{ firstMs: 500, mostMs: 8_000 }, 1_000_000, 0, 8_000],
    [{ firstMs: 500, mostMs: 8_000 }, 1, 0.5, 375],
    [{ firstMs: 500, mostMs: 8_000 }, 6, 0.999, 4_004],
    [{ firstMs: 500, mostMs: 100 }, 1, 0, 100],
    [{ firstMs: 100, factor: 4 }, 1, 0, 100],
    [{ firstMs: 100, factor: 4 }, 3, 0, 1_600],
  ])('%j after %d failures, random %d: %d ms', (waits, failures, random, expected) => {
    expect(backoffMs(waits, failures, random)).toBeCloseTo(expected);
  });

  it('stays a finite number without a maximum', () => {
    expect(backoffMs({ firstMs: 1 }, 1_000_000)).toBe(2 ** 52);
  });
});
