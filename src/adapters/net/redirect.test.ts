import { describe, expect, it } from 'vitest';
import { isRedirect, redirectTarget } from './redirect.ts';

const HTTPS = 'https://registry.example';
const HTTP = 'http://plain.example:5000';

/** Where a redirect leads, or why it is not followed. */
function followed(from: string, location: string | string[] | undefined, sendsCredentials = false): string {
  try {
    return redirectTarget(new URL('/v2/', from), location, from, sendsCredentials).href;
  } catch (error) {
    return (error as { reason: string }).reason;
  }
}

it.each([
  [200, false],
  [300, false],
  [301, true],
  [302, true],
  [303, true],
  [304, false],
  [307, true],
  [308, true],
])('status %d is a redirect: %s', (status, expected) => {
  expect(isRedirect(status)).toBe(expected);
});

describe('a redirect', () => {
  it.each<[string, string | string[] | undefined, string]>([
    [HTTPS, '/v2/x', 'https://registry.example/v2/x'],
    [HTTPS, 'https://cdn.example/x', 'https://cdn.example/x'],
    [HTTP, 'https://cdn.example/x', 'https://cdn.example/x'],
    [HTTP, '/v2/x', 'http://plain.example:5000/v2/x'],
    [HTTP, 'http://other.example/x', 'another host over plain HTTP'],
    [HTTPS, 'http://registry.example/x', 'from HTTPS to HTTP'],
    [HTTPS, 'ftp://registry.example/x', 'neither HTTPS nor HTTP'],
    [HTTPS, 'https://user:password@cdn.example/x', 'it contains credentials'],
    [HTTPS, undefined, 'no valid Location header'],
    [HTTPS, ['/a', '/b'], 'no valid Location header'],
    [HTTPS, 'https://', 'no valid Location header'],
    [HTTPS, `/${'x'.repeat(8_192)}`, 'no valid Location header'],
  ])('from %s to %s: %s', (from, location, expected) => {
    expect(followed(from, location)).toBe(expected);
  });

  it('is not followed with credentials in the body', () => {
    expect(followed(HTTPS, '/v2/x', true)).toBe('credentials are not sent on');
  });
});
