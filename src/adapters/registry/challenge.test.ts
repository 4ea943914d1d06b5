import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { type Challenge, parseChallenges } from './challenge.ts';

const plain = (challenges: readonly Challenge[]) =>
  challenges.map(({ scheme, params }) => [scheme, Object.fromEntries(params)]);

describe('parseChallenges', () => {
  it.each<[string, string | string[] | undefined, unknown]>([
    ['nothing', undefined, []],
    [
      'a bearer challenge',
      'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:library/nginx:pull"',
      [
        [
          'bearer',
          {
            realm: 'https://auth.docker.io/token',
            service: 'registry.docker.io',
            scope: 'repository:library/nginx:pull',
          },
        ],
      ],
    ],
    [
      'commas and escapes in quotes',
      'Bearer scope="repository:a:pull,push", realm="a \\"quoted\\" \\\\ word"',
      [['bearer', { scope: 'repository:a:pull,push', realm: 'a "quoted" \\ word' }]],
    ],
    [
      'several challenges in one field',
      'Basic realm="a", Bearer realm="b",service=c',
      [
        ['basic', { realm: 'a' }],
        ['bearer', { realm: 'b', service: 'c' }],
      ],
    ],
    [
      'several fields',
      ['Basic realm="a"', 'Bearer realm="b"'],
      [
        ['basic', { realm: 'a' }],
        ['bearer', { realm: 'b' }],
      ],
    ],
    [
      'a scheme alone and one with a token68',
      'Negotiate, NTLM abc/+==, Basic realm="a"',
      [
        ['negotiate', {}],
        ['ntlm', {}],
        ['basic', { realm: 'a' }],
      ],
    ],
    [
      'any case, spaces around =, a bare URL',
      'BEARER Realm = https://host/token , SERVICE=x',
      [['bearer', { realm: 'https://host/token', service: 'x' }]],
    ],
    ['empty elements', ', ,Basic realm="a",, ,', [['basic', { realm: 'a' }]]],
    ['a quote that is never closed', 'Bearer realm="https://host', [['bearer', { realm: 'https://host' }]]],
    ['the first of two parameters of a name', 'Bearer realm="a",realm="b"', [['bearer', { realm: 'a' }]]],
    ['a parameter that is named like a property', 'Bearer constructor="a"', [['bearer', { constructor: 'a' }]]],
  ])('reads %s', (_, header, expected) => {
    expect(plain(parseChallenges(header))).toEqual(expected);
  });

  it('never fails, whatever the header', () => {
    const noise = fc
      .array(fc.oneof(fc.string(), fc.constantFrom('Bearer ', 'realm', '=', '"', '\\', ',', ' ', '\t')))
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(noise, (header) => {
        for (const { scheme } of parseChallenges(header)) expect(scheme).not.toBe('');
      }),
      { numRuns: 1_000 },
    );
  });

  it.each(['a ', 'a=', '"', '=', 'a/', ',', 'a=" ', '\\"'])(
    'of the longest header, a million times %j, reads 8 KiB, in a few steps a character',
    (unit) => {
      const header = `Bearer x=${unit.repeat(1_000_000)}`;
      const step = vi.spyOn(RegExp.prototype, 'exec');
      const challenges = parseChallenges(header);
      const steps = step.mock.calls.length;
      step.mockRestore();
      expect(challenges).toEqual(parseChallenges(header.slice(0, 8_192)));
      expect(challenges.length).toBeLessThanOrEqual(16);
      expect(steps).toBeLessThanOrEqual(4 * 8_192);
    },
  );

  it('reads back whatever was written by the grammar', () => {
    const token = fc.stringMatching(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,12}$/);
    const params = fc.uniqueArray(fc.tuple(token, fc.string()), {
      selector: ([name]) => name.toLowerCase(),
      minLength: 1,
      maxLength: 4,
    });
    fc.assert(
      fc.property(fc.array(fc.tuple(token, params), { maxLength: 4 }), (challenges) => {
        const quoted = (value: string) => `"${value.replace(/["\\]/g, '\\$&')}"`;
        const header = challenges
          .map(([scheme, list]) => `${scheme} ${list.map(([name, value]) => `${name}=${quoted(value)}`).join(', ')}`)
          .join(', ');
        const expected = challenges.map(([scheme, list]) => [
          scheme.toLowerCase(),
          list.map(([name, value]) => [name.toLowerCase(), value]),
        ]);
        expect(parseChallenges(header).map(({ scheme, params: read }) => [scheme, [...read]])).toEqual(expected);
      }),
    );
  });
});
