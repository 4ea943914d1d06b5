import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { errorDetail, retryAfterMs, shortened } from './registry-errors.ts';

describe('retryAfterMs', () => {
  const now = Date.UTC(2026, 0, 1);
  it.each<[string | undefined, number | undefined]>([
    [undefined, undefined],
    ['', undefined],
    ['0', 0],
    ['120', 120_000],
    ['99999999999999999999', 6 * 3_600_000],
    ['Thu, 01 Jan 2026 00:01:00 GMT', 60_000],
    ['Wed, 31 Dec 2025 00:00:00 GMT', 0],
    ['Fri, 01 Jan 2027 00:00:00 GMT', 6 * 3_600_000],
    ['-5', undefined],
    ['1.5', undefined],
    ['soon', undefined],
    ['2026', 2_026_000],
  ])('%s is %s', (header, expected) => expect(retryAfterMs(header, now)).toBe(expected));

  it('is bounded or nothing, whatever the header', () => {
    fc.assert(
      fc.property(fc.string(), (header) => {
        const wait = retryAfterMs(header, now);
        expect(wait === undefined || (wait >= 0 && wait <= 6 * 3_600_000)).toBe(true);
      }),
    );
  });
});

describe('errorDetail', () => {
  const detail = (content: unknown, secrets: string[] = []) =>
    errorDetail(Buffer.from(JSON.stringify(content)), secrets);

  it.each<[string, unknown, string | undefined]>([
    [
      'code and message of the first error',
      { errors: [{ code: 'DENIED', message: 'access denied' }, { code: 'X' }] },
      'DENIED: access denied',
    ],
    ['a code alone', { errors: [{ code: 'UNAUTHORIZED' }] }, 'UNAUTHORIZED'],
    ['what a token server says', { error: 'invalid_grant' }, 'invalid_grant'],
    ["Docker Hub's details", { details: 'incorrect username or password' }, 'incorrect username or password'],
    ['nothing of no errors', { errors: [] }, undefined],
    ['nothing of null', null, undefined],
    ['nothing of what is no text', { errors: [{ code: {}, message: 5 }] }, undefined],
  ])('shows %s', (_, content, expected) => expect(detail(content)).toBe(expected));

  it('shows nothing of what repeats a secret', () => {
    expect(detail({ errors: [{ code: 'DENIED', message: 'bad password hunter2' }] }, ['hunter2'])).toBeUndefined();
    expect(detail({ errors: [{ code: 'DENIED', message: `${'x'.repeat(195)}hunter2` }] }, ['hunter2'])).toBeUndefined();
    expect(detail({ errors: [{ code: 'DENIED', message: 'bad password' }] }, ['', 'hunter2'])).toBe(
      'DENIED: bad password',
    );
  });

  it('is one short line or nothing, whatever the body', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 1_000 }), (message) => {
        const text = detail({ errors: [{ code: 'X', message }] }) ?? '';
        expect(text.length).toBeLessThanOrEqual(200);
        expect(text).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
      }),
    );
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        errorDetail(Buffer.from(bytes), []);
      }),
    );
  });

  it('shortens', () => expect(shortened('x'.repeat(10_000))).toHaveLength(200));
});
