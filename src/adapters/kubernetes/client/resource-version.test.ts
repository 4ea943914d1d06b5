import { describe, expect, it } from 'vitest';
import { isNewer } from './resource-version.ts';

describe('isNewer', () => {
  it.each([
    ['10', '9', true],
    ['9', '10', false],
    ['9', '9', false],
    ['18446744073709551616', '18446744073709551615', true],
    ['1', '0', true],
  ])('%s after %s: %s', (version, than, newer) => {
    expect(isNewer(version, than)).toBe(newer);
  });

  it.each([
    [undefined, '1'],
    ['1', undefined],
    ['', '1'],
    ['1', ''],
    ['abc', '1'],
    ['01', '1'],
    ['2', 'abc'],
  ])('knows no order of %s and %s', (version, than) => {
    expect(isNewer(version, than)).toBe(false);
  });
});
