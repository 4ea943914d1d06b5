import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BoundedMap } from './bounded-map.ts';

describe('BoundedMap', () => {
  it('lets go of the entry that was used longest ago', () => {
    const map = new BoundedMap<string, number>(2);
    map.set('a', 1);
    map.set('b', 2);
    expect(map.get('a')).toBe(1);
    map.set('c', 3);
    expect([map.get('a'), map.get('b'), map.get('c')]).toEqual([1, undefined, 3]);
  });

  it('deletes an entry only where it still is the value', () => {
    const map = new BoundedMap<string, number>(2);
    map.set('a', 1);
    map.set('a', 2);
    map.delete('a', 1);
    expect(map.get('a')).toBe(2);
    map.delete('a', 2);
    expect(map.get('a')).toBeUndefined();
  });

  it('is what a list of the last used would be, whatever is set and read', () => {
    const limit = 3;
    const steps = fc.array(fc.record({ key: fc.integer({ min: 0, max: 5 }), value: fc.option(fc.nat()) }));
    fc.assert(
      fc.property(steps, (all) => {
        const map = new BoundedMap<number, number>(limit);
        let last: [number, number][] = [];
        for (const { key, value } of all) {
          const found = last.find(([each]) => each === key);
          if (value === null) expect(map.get(key)).toBe(found?.[1]);
          else map.set(key, value);
          const now = value ?? found?.[1];
          if (now !== undefined)
            last = [...last.filter(([each]) => each !== key), [key, now] as [number, number]].slice(-limit);
        }
        for (const [key, value] of last) expect(map.get(key)).toBe(value);
      }),
    );
  });
});
