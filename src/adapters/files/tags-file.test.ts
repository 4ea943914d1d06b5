import { describe, expect, it } from 'vitest';
import { readTags } from './tags-file.ts';

const REPOSITORY = 'registry.test/app';
const both = new Map([[REPOSITORY, ['1.9', '1.10', 'v2']], ['nginx', []]]);

describe('readTags', () => {
  it.each<[string, string, unknown]>([
    ['a tag a line, blank lines and comments passed over', '# mine\n1.9\r\n\n  1.10\nlatest\n', ['1.9', '1.10', 'latest']],
    ['what no registry has, too', '1.0.0+build\n1.0~1\n', ['1.0.0+build', '1.0~1']],
    ['the same in JSON and YAML', 'nginx:\n  - 1.0.0+build\n', new Map([['nginx', ['1.0.0+build']]])],
    ['nothing: no tags', '', []],
    ['a JSON list', '["1.9", "1.10"]', ['1.9', '1.10']],
    ['a JSON object', JSON.stringify({ [REPOSITORY]: ['1.9', '1.10', 'v2'], nginx: [] }), both],
    ['YAML, its tags as they are written', `${REPOSITORY}:\n  - 1.9\n  - "1.10"\n  - 'v2'\nnginx: []\n`, both],
    ['YAML without indentation, with comments', `---\n# all of them\n"${REPOSITORY}":\n- 1.9\n- 1.10\n- v2\nnginx: []\n`, both],
    ['YAML in any other form', `${REPOSITORY}: [1.9, 1.10, v2] # short\nnginx: []\n`, both],
    ['YAML with names for parts', `nginx: &none []\n${REPOSITORY}: [1.9, 1.10, v2]\n`, both],
    ['a YAML list', '- 1.9\n- 1.10\n', ['1.9', '1.10']],
    ['a host with its port', 'localhost:5000/app:\n  - v1\n', new Map([['localhost:5000/app', ['v1']]])],
  ])('reads %s', (_, text, expected) => {
    expect(readTags(text, 'tags')).toEqual(expected);
  });

  it.each<[string, string, string]>([
    ['a line that is no tag', '1.9\nnot a tag\n', 'tags:1: these are no tags, one a line, or JSON or YAML that gives each spec.image a list of them'],
    ['a number in JSON', '{"nginx": [1.1]}', 'tags: nginx[0]: 1.1 is no tag: write it in quotes'],
    ['a text instead of a list', '{"nginx": "1.1"}', 'tags: nginx: must be a list of tags'],
    ['a text instead of a list in YAML', 'a: [v1]\nnginx: v1\n', 'tags:2: nginx: must be a list of tags'],
    ['no tag in YAML', 'nginx:\n  - v1\n  - v 2\n', 'tags:3: nginx[1]: "v 2" is no tag'],
    ['a repository twice', 'nginx:\n  - v1\nnginx:\n  - v2\n', 'tags:3: these are no tags'],
    ['broken YAML', 'nginx: [v1\n', 'tags:2: these are no tags'],
  ])('refuses %s, and says where', (_, text, message) => {
    expect(() => readTags(text, 'tags')).toThrow(message);
  });
});
