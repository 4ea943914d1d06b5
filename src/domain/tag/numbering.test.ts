import { expect, it } from 'vitest';
import { numberingRemark } from './numbering.ts';
import { parseVersionTag } from './version-tag.ts';

const remark = (from: string, to: string, tag = to): string | undefined =>
  numberingRemark(parseVersionTag(from), parseVersionTag(to), tag);
const such = (pattern: string): string =>
  `its version numbering differs from that of the current tag; if that is not intended, exclude it with spec.tags.exclude, such as '${pattern}'`;

it.each<[from: string, to: string, pattern: string]>([
  ['10.11.4', '2021.12.16', '^\\d{4}\\.'],
  ['999.0', '1999.1', '^\\d{4}\\.'],
  ['999.0', '2099.1', '^\\d{4}\\.'],
  ['1.6.1', '5512.0.0', '^\\d{4}\\.'],
  ['1.6.1', '100.0.0', '^\\d{3}\\.'],
  ['v1', 'v2024', '^v\\d{4}(\\D|$)'],
  ['1-alpine', '123-alpine', '^\\d{3}(\\D|$)'],
  ['1.0', '0100.0', '^\\d{4}\\.'],
])('from %s to %s is a change of numbering', (from, to, pattern) => {
  expect(remark(from, to)).toBe(such(pattern));
  expect(new RegExp(pattern).test(to)).toBe(true);
  expect(new RegExp(pattern).test(from)).toBe(false);
});

it.each<[from: string, to: string]>([
  ['1.9', '2.0'],
  ['9.9', '10.0'],
  ['99', '100'],
  ['999.0', '1000.0'],
  ['999.0', '1899.0'],
  ['999.0', '2100.0'],
  ['2023.12', '2024.1'],
  ['1024.1', '2024.1'],
  ['0001.0', '10.0'],
  ['20240102', '20250102'],
  ['latest', '2024.1'],
  ['1.0', 'latest'],
])('from %s to %s is none', (from, to) => {
  expect(remark(from, to)).toBeUndefined();
});

it('has no pattern for a tag of which the version is a part only', () => {
  expect(remark('1.6.1', '5512.0.0', 'server-5512.0.0')).toBe(
    'its version numbering differs from that of the current tag; if that is not intended, exclude it with spec.tags.exclude',
  );
});
