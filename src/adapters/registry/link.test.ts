import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nextLink } from './link.ts';

describe('nextLink', () => {
  it.each<[string, string | string[] | undefined, string | undefined]>([
    ['no header', undefined, undefined],
    ['a relative link', '</v2/app/tags/list?n=2&last=b>; rel="next"', '/v2/app/tags/list?n=2&last=b'],
    ['an absolute link', '<https://host/v2/app/tags/list?last=b>; rel="next"', 'https://host/v2/app/tags/list?last=b'],
    ['rel without quotes', '</a>;rel=next', '/a'],
    ['no <>', '/v2/app/tags/list?last=b; rel="next"', '/v2/app/tags/list?last=b'],
    ['commas and semicolons in the <>', '</a?x=1,2;3>; rel="next"', '/a?x=1,2;3'],
    ['the next of several', '</first>; rel="first", </next>; title="a, b"; rel="next"', '/next'],
    ['several fields', ['</first>; rel="first"', '</next>; rel="next"'], '/next'],
    ['several relations', '</a>; rel="last next"', '/a'],
    ['any case', '</a>; REL="Next"', '/a'],
    ['another relation', '</a>; rel="prev"', undefined],
    ['the first of two rel', '</a>; rel="prev"; rel="next"', undefined],
    ['no end of the <>', '</a; rel="next"', undefined],
    ['an empty target', '<>; rel="next"', undefined],
  ])('reads %s', (_, header, expected) => expect(nextLink(header)).toBe(expected));

  it('never fails and never hangs, whatever the header', () => {
    const noise = fc
      .array(fc.oneof(fc.string(), fc.constantFrom('<', '>', ';', ',', '"', '=', 'rel=next', ' ')))
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(noise, (header) => {
        nextLink(header);
      }),
      { numRuns: 1_000 },
    );
    for (const unit of ['<', ',', ';', '"', '=', 'a,', '<a>;rel=', ' ']) nextLink(unit.repeat(1_000_000));
  });
});
