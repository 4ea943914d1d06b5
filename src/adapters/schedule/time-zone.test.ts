import { expect, it } from 'vitest';
import { timeZoneName } from './time-zone.ts';

it.each<[string, string | undefined]>([
  ['Europe/Paris', 'Europe/Paris'],
  ['europe/PARIS', 'Europe/Paris'],
  ['utc', 'UTC'],
  ['US/Eastern', 'America/New_York'],
  ['Europe/Pariss', undefined],
  ['+01:00', undefined],
  ['', undefined],
])('"%s" is the time zone %s', (name, expected) => {
  expect(timeZoneName(name)).toBe(expected);
});
