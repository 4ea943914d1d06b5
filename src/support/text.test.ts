import { expect, it } from 'vitest';
import { truncate } from './text.ts';

it.each([
  ['', 3, ''],
  ['ab', 3, 'ab'],
  ['abc', 3, 'abc'],
  ['abcd', 3, 'ab…'],
  ['abcdefgh', 3, 'ab…'],
  ['ab', 1, '…'],
])('%j in at most %d characters is %j', (text, most, expected) => {
  expect(truncate(text, most)).toBe(expected);
});
