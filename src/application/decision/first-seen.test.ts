import { expect, it } from 'vitest';
import { FirstSeenDigests } from './first-seen.ts';

const at = (minute: number) => Date.UTC(2026, 10, 22, 12, minute);
const time = (minute: number) => new Date(at(minute)).toISOString();

it('a digest is as old as it was, under whatever tag', () => {
  const seen = new FirstSeenDigests([{ tag: 'v1', digest: 'sha256:a', time: time(0) }], at(30));
  expect(seen.of('v2', 'sha256:a')).toBe(at(0));
  expect(seen.of('v1', 'sha256:b')).toBe(at(30));
  expect(seen.remembered()).toEqual([
    { tag: 'v2', digest: 'sha256:a', time: time(0) },
    { tag: 'v1', digest: 'sha256:b', time: time(30) },
  ]);
});

it('what was not asked for again is forgotten, and a time that is none is not known', () => {
  expect(new FirstSeenDigests([{ tag: 'v1', digest: 'sha256:a', time: time(0) }], at(30)).remembered()).toEqual([]);
  expect(new FirstSeenDigests([{ tag: 'v1', digest: 'sha256:a', time: 'soon' }], at(30)).of('v1', 'sha256:a')).toBe(
    at(30),
  );
});

it('of more than a hundred the oldest stay: they are old enough first', () => {
  const known = Array.from({ length: 80 }, (_, i) => ({ tag: `v${i}`, digest: `sha256:${i}`, time: time(0) }));
  const seen = new FirstSeenDigests(known, at(30));
  for (let i = 139; i >= 0; i -= 1) seen.of(`v${i}`, `sha256:${i}`);
  const remembered = seen.remembered();
  expect(remembered).toHaveLength(100);
  expect(remembered.filter(({ time: its }) => its === time(0))).toHaveLength(80);
});
