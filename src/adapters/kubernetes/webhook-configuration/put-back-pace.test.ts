import { expect, it } from 'vitest';
import { PutBackPace } from './put-back-pace.ts';

it('doubles its wait with each time, up to half a minute, and begins anew after a minute of peace', () => {
  const pace = new PutBackPace();
  let now = 1_000_000;
  expect(pace.waitMs(now)).toBe(0);
  const waits = Array.from({ length: 10 }, (_, i) => {
    expect(pace.putBack(now)).toBe(i + 1);
    const waitMs = pace.waitMs(now);
    now += waitMs;
    expect(pace.waitMs(now)).toBe(0);
    return waitMs;
  });
  expect(waits).toEqual([200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 30_000, 30_000]);
  expect(pace.putBack(now)).toBe(11);
  expect([pace.waitMs(now + 10_000), pace.waitMs(now + 60_001)]).toEqual([20_000, 0]);
  expect(pace.putBack(now + 60_001)).toBe(1);
});
