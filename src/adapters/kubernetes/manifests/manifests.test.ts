import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../../application/plan/input-error.ts';
import { noImage, readManifests } from './manifests.ts';

const IMAGE = `apiVersion: kimup.cloudavenue.io/v1alpha1
kind: Image
metadata:
  name: demos
spec:
  image: registry.test/app
  baseTag: v1.9.0
  triggers:
    - type: webhook
  rules:
    - name: minor
      type: semver-minor
      actions:
        - type: apply
`;
/** The Images of a file that has to hold one. */
function readImages(text: string, file: string): ReturnType<typeof readManifests>['images'] {
  const { images } = readManifests(text, file);
  if (images.length === 0) throw noImage([file]);
  return images;
}
const names = (text: string) => readImages(text, 'f').map(({ image: { namespace, name } }) => `${namespace}/${name}`);

describe('the Images of a file', () => {
  it('reads an Image with the defaults of the API server', () => {
    const [one] = readImages(IMAGE.replace('  baseTag: v1.9.0\n', ''), 'f');
    expect(one!.image.spec).toMatchObject({ baseTag: 'latest', insecureSkipTLSVerify: false, imagePullSecrets: [] });
    expect(one!.rules.map(({ type }) => type)).toEqual(['semver-minor']);
  });

  it('reads several documents, Lists and JSON, and passes over other kinds', () => {
    const item = JSON.stringify({
      apiVersion: 'kimup.cloudavenue.io/v1alpha1',
      kind: 'Image',
      metadata: { name: 'item', namespace: 'team' },
      spec: {
        image: 'nginx',
        triggers: [{ type: 'webhook' }],
        rules: [{ name: 'a', type: 'always', actions: [{ type: 'apply' }] }],
      },
    });
    const list = `{"apiVersion": "v1", "kind": "List", "items": [${item}, {"kind": "Pod"}]}`;
    const other = 'apiVersion: image.toolkit.example/v1\nkind: Image\nmetadata: {name: theirs}\n';
    expect(
      names(
        `${IMAGE}---\n# nothing\n---\napiVersion: v1\nkind: Namespace\nmetadata: {name: x}\n---\n${other}---\n${list}\n`,
      ),
    ).toEqual(['default/demos', 'team/item']);
    expect(names(list)).toEqual(['team/item']);
    expect(names(list.replace('"List"', '"ImageList"'))).toEqual(['team/item']);
  });

  it.each(['image', 'image-shortest', 'image-every-field'])(
    'reads test/manifests/good/%s.yaml, as the API server does',
    (name) => {
      const text = readFileSync(join(import.meta.dirname, '../../../../test/manifests/good', `${name}.yaml`), 'utf8');
      expect(readImages(text, name)).toHaveLength(1);
    },
  );

  it.each(['""', 'null', 'default'])('takes a namespace that is %s for default', (namespace) => {
    expect(names(IMAGE.replace('demos', `demos\n  namespace: ${namespace}`))).toEqual(['default/demos']);
  });

  it('takes every name that the API server takes', () => {
    const name = 'a.b-c.0'.padEnd(253, 'x');
    expect(names(IMAGE.replace('demos', `${name}\n  namespace: ${'0'.padEnd(63, '-0')}`))).toEqual([
      `${'0'.padEnd(63, '-0')}/${name}`,
    ]);
  });

  it('keeps the status, where an Image comes from a cluster', () => {
    const [one] = readImages(`${IMAGE}status:\n  tag: v1.9.5\n  later: {a: 1}\n  digest: sha256:1\n`, 'f');
    expect(one!.image.status).toMatchObject({ tag: 'v1.9.5', digest: 'sha256:1' });
  });

  it.each<[string, string, string]>([
    [
      'a wrong type',
      IMAGE.replace('semver-minor', 'semver'),
      'f:12: spec.rules[0].type: must be one of the following values: semver-major, semver-minor',
    ],
    ['a field that is not there', IMAGE.replace('baseTag:', 'tag:'), 'f:7: spec.tag: unknown field'],
    ['a missing field', IMAGE.replace('  image: registry.test/app\n', ''), 'f:6: spec.image: is required'],
    ['a rule without actions', IMAGE.replace(/ {6}actions:[^]*/, ''), 'f:11: spec.rules[0].actions: is required'],
    [
      'a tag in the repository',
      IMAGE.replace('/app', '/app:v1'),
      'f:6: spec.image: must not contain a tag: put the tag to start from into spec.baseTag',
    ],
    ['a baseTag that is none', IMAGE.replace('v1.9.0', '-x'), 'f:7: spec.baseTag: must be a tag'],
    ['a number for a text', IMAGE.replace('v1.9.0', '1.10'), 'f:7: spec.baseTag: must be a string: write it in quotes'],
    [
      'true for a text',
      IMAGE.replace('name: minor', 'name: yes').replace('yes', 'true'),
      'f:11: spec.rules[0].name: must be a string: write it in quotes',
    ],
    ['an object for a text', IMAGE.replace('v1.9.0', '{a: b}'), 'f:7: spec.baseTag: must be a string'],
    [
      'an object for a list',
      IMAGE.replace(/rules:[^]*/, 'rules: {name: minor, type: semver-minor}\n'),
      'f:10: spec.rules: must be a list',
    ],
    ['a text for a list', IMAGE.replace(/rules:[^]*/, 'rules: minor\n'), 'f:10: spec.rules: must be a list'],
    [
      'an object for a list in a rule',
      IMAGE.replace(/actions:[^]*/, 'actions: {type: apply}\n'),
      'f:13: spec.rules[0].actions: must be a list',
    ],
    [
      'a text for true or false',
      IMAGE.replace('  triggers:', '  insecureSkipTLSVerify: "yes"\n  triggers:'),
      'f:8: spec.insecureSkipTLSVerify: must be true or false',
    ],
    [
      'a number for a type',
      IMAGE.replace('semver-minor', '1'),
      'f:12: spec.rules[0].type: must be one of the following values',
    ],
    [
      'numbers for platforms',
      IMAGE.replace('  triggers:', '  tags: {platforms: [1]}\n  triggers:'),
      'f:8: spec.tags.platforms: each must be a string: write it in quotes',
    ],
    ['a rule that is a text', IMAGE.replace(/rules:[^]*/, 'rules: [minor]\n'), 'f:10: spec.rules'],
    [
      'no repository',
      IMAGE.replace('registry.test/app', 'registry.test/App'),
      'f:6: spec.image: must be a repository name',
    ],
    [
      'a crontab without a value',
      IMAGE.replace('webhook', 'crontab'),
      'f:9: spec.triggers[0]: a crontab trigger needs a value',
    ],
    [
      'a range without a value',
      IMAGE.replace('semver-minor', 'semver-range'),
      'f:11: spec.rules[0]: a semver-range rule needs a value',
    ],
    [
      'a wrong range',
      IMAGE.replace('semver-minor', 'semver-range\n      value: ">=x.y.z.q"'),
      'f:13: spec.rules[0] ("minor"): ">=x.y.z.q" is not a range',
    ],
    [
      'a wrong pattern',
      IMAGE.replace('semver-minor', 'regex\n      value: "v(1"'),
      'f:13: spec.rules[0] ("minor"): "v(1" is not a valid RE2 pattern',
    ],
    [
      'a wrong filter',
      IMAGE.replace('  triggers:', '  tags:\n    include: "v(1"\n  triggers:'),
      'f:9: spec.tags.include',
    ],
    [
      'a platform that is none',
      IMAGE.replace('  triggers:', '  tags:\n    platforms: [amd64]\n  triggers:'),
      'f:9: spec.tags.platforms: each platform must be os/architecture',
    ],
    [
      'an age that is none',
      IMAGE.replace('  triggers:', '  tags: {minimumAge: soon}\n  triggers:'),
      'f:8: spec.tags.minimumAge: must be a duration',
    ],
    [
      'an alert to nobody',
      IMAGE.replace('type: apply', 'type: alert-discord'),
      'f:14: spec.rules[0].actions[0]: an alert action needs data.valueFrom.alertConfigRef.name',
    ],
    ['another version', IMAGE.replace('v1alpha1', 'v2'), 'f:1: apiVersion: must be kimup.cloudavenue.io/v1alpha1'],
    ['no name', IMAGE.replace('  name: demos\n', '  labels: {}\n'), 'f:4: metadata.name: is required'],
    ['an empty name', IMAGE.replace('demos', '""'), 'f:4: metadata.name: is required'],
    ['a number for a name', IMAGE.replace('demos', '12'), 'f:4: metadata.name: must be a string: write it in quotes'],
    [
      'a name that is none',
      IMAGE.replace('demos', 'Not A Name'),
      'f:4: metadata.name: "Not A Name" is not a valid object name',
    ],
    ['a name that is too long', IMAGE.replace('demos', 'a'.repeat(254)), 'f:4: metadata.name: '],
    [
      'a namespace that is none',
      IMAGE.replace('demos', 'demos\n  namespace: "Not A Name"'),
      'f:5: metadata.namespace: "Not A Name" is not a valid namespace name',
    ],
    [
      'a namespace with a dot',
      IMAGE.replace('demos', 'demos\n  namespace: a.b'),
      'f:5: metadata.namespace: "a.b" is not',
    ],
    [
      'a namespace that is too long',
      IMAGE.replace('demos', `demos\n  namespace: ${'a'.repeat(64)}`),
      'f:5: metadata.namespace: ',
    ],
    ['a part that is named nowhere', IMAGE.replace('v1.9.0', '*base'), "f:7: can't be read: Unresolved alias"],
    [
      'a part that is named only later',
      IMAGE.replace('v1.9.0', '*base').replace('minor\n', '&base minor\n'),
      "f:7: can't be read: Unresolved alias",
    ],
    [
      'parts that grow without end',
      `a: &a [x, x, x, x, x, x, x, x, x, x]\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a]\nc: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b, *b]\nd: [*c, *c, *c, *c, *c, *c, *c]\n`,
      "f:2: can't be read: Excessive alias count",
    ],
    [
      'no spec',
      'apiVersion: kimup.cloudavenue.io/v1alpha1\nkind: Image\nmetadata: {name: a}\n',
      'f:1: spec: is required',
    ],
    ['broken YAML', `${IMAGE}  - x: [\n`, 'f:15: this is neither YAML nor JSON'],
    [
      'a key twice',
      IMAGE.replace('  baseTag', '  image: nginx\n  baseTag'),
      'f:7: this is neither YAML nor JSON: Map keys must be unique',
    ],
    ['a string', 'hello\n', 'f:1: is not a manifest'],
    ['no Image', 'kind: Pod\napiVersion: v1\n', 'f: contains no Image'],
    ['nothing', '', 'f: contains no Image'],
  ])('refuses %s, with line and field', (_, text, message) => {
    expect(() => readImages(text, 'f')).toThrow(message);
  });

  it('tells of all Images at once, and where in a later document or List', () => {
    const wrong = IMAGE.replace('semver-minor', 'semver').replace('demos', 'wrong');
    const list = `apiVersion: v1\nkind: List\nitems:\n  - ${wrong.trimEnd().replaceAll('\n', '\n    ')}\n`;
    let told = '';
    try {
      readImages(`${IMAGE}---\n${wrong}---\n${list}`, 'f');
    } catch (error) {
      told = (error as Error).message;
    }
    expect(told.split('\n').map((line) => line.slice(0, 31))).toEqual([
      'f:27: spec.rules[0].type: must ',
      'f:45: spec.rules[0].type: must ',
    ]);
  });

  it('reads or refuses any text, and fails in no other way', () => {
    const mutated = fc
      .tuple(
        fc.nat(IMAGE.length),
        fc.nat(20),
        fc.oneof(
          fc.string({ maxLength: 8 }),
          fc.constantFrom(
            '\n',
            ': ',
            '- ',
            '[',
            '{',
            '&a ',
            '*a',
            '!!binary ',
            'null',
            '1.5',
            '~',
            '<<: ',
            '__proto__: ',
          ),
        ),
      )
      .map(([at, length, put]) => IMAGE.slice(0, at) + put + IMAGE.slice(at + length));
    fc.assert(
      fc.property(
        fc.oneof(
          { weight: 4, arbitrary: mutated },
          { weight: 1, arbitrary: fc.string() },
          { weight: 1, arbitrary: fc.json() },
        ),
        (text) => {
          try {
            readImages(text, 'f');
          } catch (error) {
            if (!(error instanceof InputError)) throw error;
            expect(error.message).toMatch(/^f/);
          }
        },
      ),
      { numRuns: 2_000 },
    );
  });
});
