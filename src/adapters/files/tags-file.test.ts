import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isMap, isScalar, isSeq, parseDocument } from 'yaml';
import { InputError } from '../../application/plan/input-error.ts';
import { readTags } from './tags-file.ts';

const REPOSITORY = 'registry.test/app';
const both = new Map([
  [REPOSITORY, ['1.9', '1.10', 'v2']],
  ['nginx', []],
]);

describe('readTags', () => {
  it.each<[string, string, unknown]>([
    [
      'a tag a line, blank lines and comments passed over',
      '# mine\n1.9\r\n\n  1.10\nlatest\n',
      ['1.9', '1.10', 'latest'],
    ],
    ['what no registry has, too', '1.0.0+build\n1.0~1\n', ['1.0.0+build', '1.0~1']],
    ['the same in JSON and YAML', 'nginx:\n  - 1.0.0+build\n', new Map([['nginx', ['1.0.0+build']]])],
    ['nothing: no tags', '', []],
    ['a JSON list', '["1.9", "1.10"]', ['1.9', '1.10']],
    ['a JSON object', JSON.stringify({ [REPOSITORY]: ['1.9', '1.10', 'v2'], nginx: [] }), both],
    ['YAML, its tags as they are written', `${REPOSITORY}:\n  - 1.9\n  - "1.10"\n  - 'v2'\nnginx: []\n`, both],
    [
      'YAML without indentation, with comments',
      `---\n# all of them\n"${REPOSITORY}":\n- 1.9\n- 1.10\n- v2\nnginx: []\n`,
      both,
    ],
    ['YAML in any other form', `${REPOSITORY}: [1.9, 1.10, v2] # short\nnginx: []\n`, both],
    ['YAML with names for parts', `nginx: &none []\n${REPOSITORY}: [1.9, 1.10, v2]\n`, both],
    ['a YAML list', '- 1.9\n- 1.10\n', ['1.9', '1.10']],
    ['a host with its port', 'localhost:5000/app:\n  - v1\n', new Map([['localhost:5000/app', ['v1']]])],
  ])('reads %s', (_, text, expected) => {
    expect(readTags(text, 'tags')).toEqual(expected);
  });

  it.each<[string, string, string]>([
    [
      'a line that is no tag',
      'v1.0\nv1.1 x\nv1.2\n',
      'tags:2: expected one tag per line, or JSON or YAML that maps each spec.image to a list of tags: "v1.1 x" is not a valid tag',
    ],
    [
      'a first line that is no tag',
      '# mine\n\nv1.1 x\nv1.2\n',
      'tags:3: expected one tag per line, or JSON or YAML that maps each spec.image to a list of tags: "v1.1 x" is not a valid tag',
    ],
    [
      'a line with a colon',
      'v1.0\nnginx:v1\nv1: x\n',
      'tags:2: expected one tag per line, or JSON or YAML that maps each spec.image to a list of tags: "nginx:v1" is not a valid tag',
    ],
    [
      'a key among lines',
      'v1.0\nnginx: v1\n',
      'tags:2: expected one tag per line, or JSON or YAML that maps each spec.image to a list of tags: "nginx: v1" is not a valid tag',
    ],
    ['a number in JSON', '{"nginx":\n [1.1]}', 'tags:2: nginx[0]: 1.1 is not a valid tag: write it in quotes'],
    ['a number in a list in JSON', '[\n\t"1.0",\n\t1.1\n]', 'tags:3: [1]: 1.1 is not a valid tag: write it in quotes'],
    [
      'no tag in JSON',
      '{"nginx": ["v1"],\n "app": ["v1",\n  "v 2"]}',
      'tags:3: app[1]: "v 2" is not a valid tag: use letters',
    ],
    [
      'a text instead of a list',
      '{"registry.example/whoami":\n "x"}',
      'tags:2: registry.example/whoami: must be a list of tags',
    ],
    ['nothing instead of a list in JSON', '{"a": [],\n "nginx": null}', 'tags:2: nginx: must be a list of tags'],
    ['a text instead of a list in YAML', 'a: [v1]\nnginx: v1\n', 'tags:2: nginx: must be a list of tags'],
    ['a repository with nothing below', 'a:\n  - v1\nnginx:\nb:\n  - v1\n', 'tags:3: nginx: must be a list of tags'],
    ['a repository with nothing below at the end', 'a:\n  - v1\nnginx:\n', 'tags:3: nginx: must be a list of tags'],
    ['a tag over two lines', 'nginx:\n  - v1\n    - v2\n', 'tags:2: nginx[0]: "v1 - v2" is not a valid tag'],
    ['dashes that end before the others', 'nginx:\n    - v1\n  - v2\n', 'tags:3: '],
    ['no space before []', 'nginx:[]\n', 'tags:1: '],
    ['a list as a repository', '[a, b]: [v1]\n', 'tags:1: '],
    ['two documents', 'a:\n  - v1\n---\nb:\n  - v1\n', 'tags:3: '],
    ['only the begin of a document', '---\n', 'tags:'],
    ['no tag in YAML', 'nginx:\n  - v1\n  - v 2\n', 'tags:3: nginx[1]: "v 2" is not a valid tag'],
    ['a name for a part that is not there', 'nginx: *none\n', 'tags:1: nginx: must be a list of tags'],
    ['a repository twice', 'nginx:\n  - v1\nnginx:\n  - v2\n', 'tags:3: expected one tag per line'],
    ['lists in lists', '[\n' + '['.repeat(20_000) + ']'.repeat(20_000) + ']', 'tags:'],
    ['lists in a list', '[[]]', 'tags:1: [0]: what is there is not a valid tag'],
    ['broken YAML', 'nginx: [v1\n', 'tags:2: expected one tag per line'],
    ['broken JSON', '{"nginx": ["v1"\n', 'tags:2: expected one tag per line'],
  ])('refuses %s, and says where', (_, text, message) => {
    expect(() => readTags(text, 'tags')).toThrow(message);
  });

  const part = fc.constantFrom(
    'nginx:',
    '"a:1":',
    "'b':",
    'c: []',
    'c:[]',
    '- v1',
    '-v1',
    '- "v2"',
    '- 1.10',
    '-',
    ':',
    '---',
    '...',
    '# x',
    ' ',
    '  ',
    '\t',
    '\n',
    '\n',
    '\n',
    '\r\n',
    'v1',
    '[v1]',
    '{',
    '}',
    '"',
    '&a',
    '*a',
  );
  const text = fc.array(part, { maxLength: 14 }).map((parts) => parts.join(''));
  const nearly = fc
    .array(fc.tuple(fc.nat(4), part), { maxLength: 8 })
    .map((lines) => lines.map(([indent, line]) => `${' '.repeat(indent)}${line}\n`).join(''));

  it('reads or refuses any text, says where, and reads as a map only what YAML has as that map', () => {
    fc.assert(
      fc.property(fc.oneof(text, nearly, fc.string(), fc.json()), (given) => {
        let read: ReturnType<typeof readTags>;
        try {
          read = readTags(given, 'tags');
        } catch (error) {
          if (!(error instanceof InputError)) throw error;
          expect(error.message).toMatch(/^tags:\d+: /);
          return;
        }
        if (!(read instanceof Map)) return;
        const { contents, errors } = parseDocument(given, { schema: 'failsafe', logLevel: 'error' });
        expect(errors).toEqual([]);
        expect(isMap(contents) && contents.items.every(({ value }) => isSeq(value))).toBe(true);
        if (isMap(contents))
          expect(
            contents.items.map(({ key, value }) => [isScalar(key) && key.value, isSeq(value) && value.toJSON()]),
          ).toEqual([...read]);
      }),
      { numRuns: 3_000 },
    );
  });
});
