import { describe, expect, it } from 'vitest';
import { readArguments } from './arguments.ts';

const DEFAULTS = { files: ['a.yaml'], tagsFile: undefined, output: 'table', explain: false, plainHttpRegistries: [] };

describe('the arguments of kimup plan', () => {
  it.each<[string, object]>([
    ['-f a.yaml', {}],
    ['-fa.yaml', {}],
    ['--filename=a.yaml', {}],
    ['-filename a.yaml', {}],
    ['-f a.yaml -f b.yaml -f -', { files: ['a.yaml', 'b.yaml', '-'] }],
    ['-f a.yaml -o json --explain', { output: 'json', explain: true }],
    ['-f a.yaml -oyaml --explain=false', { output: 'yaml' }],
    ['--output=table --tags-file - -f a.yaml', { tagsFile: '-' }],
    ['-f a.yaml --plain-http-registries=localhost:5000,b.test', { plainHttpRegistries: ['localhost:5000', 'b.test'] }],
  ])('%s', (line, expected) => {
    expect(readArguments(line.split(' '))).toEqual({ ...DEFAULTS, ...expected });
  });

  it.each<[string, string]>([
    ['', 'no manifests given'],
    ['-f', '-f needs a file'],
    ['-f a -o xml', '-o takes table, json or yaml, not "xml"'],
    ['-f a --tag-file b', '"--tag-file" is not a flag'],
    ['a.yaml', '"a.yaml" is not a flag'],
    ['-f - --tags-file -', 'stdin (-) can be used only once, for -f or for --tags-file'],
    ['-f a --explain=maybe', '--explain takes true or false'],
  ])('refuses "%s"', (line, message) => {
    expect(() => readArguments(line === '' ? [] : line.split(' '))).toThrow(message);
  });

  it.each(['--help', '-h', '-f a --help'])('knows %s', (line) => {
    expect(readArguments(line.split(' '))).toBe('help');
  });
});
