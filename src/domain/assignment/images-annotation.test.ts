import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type PinnedTag, formatPinnedTag, parsePinnedTag } from '../reference/pinned-tag.ts';
import { formatImagesAnnotation, parseImagesAnnotation } from './images-annotation.ts';

const digest = `sha256:${'0123456789abcdef'.repeat(4)}`;

describe('the images annotation of a pod template', () => {
  it('are one an Image, with or without a digest', () => {
    expect(parseImagesAnnotation(`demos=v1.10.2@${digest},web.front=1.27-alpine`)).toEqual(
      new Map<string, PinnedTag>([
        ['demos', { tag: 'v1.10.2', digest }],
        ['web.front', { tag: '1.27-alpine' }],
      ]),
    );
  });

  it.each([
    ['nothing', undefined, []],
    ['the empty text', '', []],
    ['a word', 'demos', []],
    ['no tag', 'demos=', []],
    ['no name', '=v1', []],
    ['a name that is none', 'De mos=v1,web=v2', ['web']],
    ['a tag that is none', 'demos=v1/2,web=v2', ['web']],
    ['a digest that is none', 'demos=v1@sha256:12,web=v2', ['web']],
    ['a digest without end', `demos=v1@sha256:${'0'.repeat(129)},web=v2`, ['web']],
    ['an algorithm without end', `demos=v1@${'a'.repeat(33)}:${'0'.repeat(64)},web=v2`, ['web']],
    ['spaces and empty parts', ' demos=v1 , ,web=v2,', ['demos', 'web']],
    ['another prefix of =', 'demos=v1=v2', []],
  ])('tolerate %s', (_, text, names) => {
    expect([...parseImagesAnnotation(text).keys()]).toEqual(names);
  });

  it('are written sorted by name, whatever order they came in', () => {
    expect(
      formatImagesAnnotation(
        new Map([
          ['web', { tag: 'v2' }],
          ['app', { tag: 'v1', digest }],
        ]),
      ),
    ).toBe(`app=v1@${digest},web=v2`);
    expect(formatImagesAnnotation(new Map())).toBe('');
  });

  it('count the last of two for one Image', () => {
    expect(parseImagesAnnotation('demos=v1,demos=v2').get('demos')).toEqual({ tag: 'v2' });
  });

  const pinnedTag = fc
    .record({
      tag: fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/),
      digest: fc.option(fc.stringMatching(/^sha256:[0-9a-f]{64}$/), { nil: undefined }),
    })
    .map(({ tag, digest: of }): PinnedTag => (of === undefined ? { tag } : { tag, digest: of }));
  const pinnedTags = fc
    .array(fc.tuple(fc.stringMatching(/^[a-z0-9]([a-z0-9.-]{0,30}[a-z0-9])?$/), pinnedTag))
    .map((list) => new Map(list));

  it('read back as they were written', () => {
    fc.assert(
      fc.property(pinnedTags, (map) => {
        expect(parseImagesAnnotation(formatImagesAnnotation(map))).toEqual(
          new Map([...map].sort(([a], [b]) => (a < b ? -1 : 1))),
        );
      }),
    );
    fc.assert(
      fc.property(pinnedTag, (one) => {
        expect(parsePinnedTag(formatPinnedTag(one))).toEqual(one);
      }),
    );
  });

  it('never throw, and what was read is written the same twice', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const once = formatImagesAnnotation(parseImagesAnnotation(text));
        expect(formatImagesAnnotation(parseImagesAnnotation(once))).toBe(once);
      }),
    );
  });
});
