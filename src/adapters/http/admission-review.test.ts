import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatAdmissionReview, MalformedReviewError, parseAdmissionReview } from './admission-review.ts';

const pod = {
  metadata: { generateName: 'web-', annotations: { a: 'b' } },
  spec: { containers: [{ name: 'main', image: 'nginx:1' }] },
};
const request = {
  uid: 'u1',
  operation: 'CREATE',
  namespace: 'default',
  kind: { kind: 'Pod' },
  object: pod,
  oldObject: null,
  dryRun: false,
};
const review = (over: object = {}, top: object = {}) =>
  JSON.stringify({
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: { ...request, ...over },
    ...top,
  });

describe('an AdmissionReview', () => {
  it('is read with what admission looks at', () => {
    expect(parseAdmissionReview(review())).toEqual({
      uid: 'u1',
      operation: 'CREATE',
      subResource: '',
      namespace: 'default',
      pod,
    });
    expect(
      parseAdmissionReview(review({ operation: 'UPDATE', subResource: 'ephemeralcontainers', oldObject: pod })),
    ).toEqual({
      uid: 'u1',
      operation: 'UPDATE',
      subResource: 'ephemeralcontainers',
      namespace: 'default',
      pod,
      before: pod,
    });
  });

  it.each([
    ['the empty body', '', 'the body is empty'],
    ['no JSON', '{"kind":', 'the body is not JSON'],
    ['null', 'null', 'the body: expected an object, got null'],
    ['a list', '[]', 'the body: expected an object, got a list'],
    ['another kind', review({}, { kind: 'Pod' }), 'kind: expected AdmissionReview, got "Pod"'],
    [
      'another version',
      review({}, { apiVersion: 'admission.k8s.io/v1beta1' }),
      'apiVersion: expected admission.k8s.io/v1, got "admission.k8s.io/v1beta1"',
    ],
    ['no request', review({}, { request: undefined }), 'request: expected an object, got nothing'],
    ['no uid', review({ uid: undefined }), 'request.uid: expected a string, got nothing'],
    ['a uid that is no text', review({ uid: 7 }), 'request.uid: expected a string, got 7'],
    ['no namespace', review({ namespace: '' }), 'request.namespace: expected a string, got ""'],
    ['no object', review({ object: undefined }), 'request.object: expected an object, got nothing'],
    ['a null object', review({ object: null }), 'request.object: expected an object, got null'],
    [
      'an unknown operation',
      review({ operation: 'DELETE' }),
      'request.operation: expected CREATE or UPDATE, got "DELETE"',
    ],
    [
      'containers that are no list',
      review({ object: { spec: { containers: {} } } }),
      'request.object.spec.containers: expected a list, got an object',
    ],
    [
      'a container that is none',
      review({ object: { spec: { containers: [null] } } }),
      'request.object.spec.containers: expected an object, got null',
    ],
    [
      'an image that is no text',
      review({ object: { spec: { containers: [{ name: 'a', image: {} }] } } }),
      'request.object.spec.containers.image: expected a string, got an object',
    ],
    [
      'an annotation that is no text',
      review({ object: { metadata: { annotations: { a: 1 } } } }),
      'request.object.metadata.annotations: expected a string, got 1',
    ],
  ])('is refused for %s, with what was expected', (_, body, message) => {
    expect(() => parseAdmissionReview(body)).toThrow(MalformedReviewError);
    expect(() => parseAdmissionReview(body)).toThrow(message);
  });

  it('is refused or read, never anything else, whatever comes', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.object().map((over) => review(over)),
          fc.object().map((object) => review({ object })),
        ),
        (body) => {
          try {
            parseAdmissionReview(body);
          } catch (error) {
            expect(error).toBeInstanceOf(MalformedReviewError);
          }
        },
      ),
    );
  });
});

describe('the answer', () => {
  const read = (text: string) => JSON.parse(text) as { response: { patch?: string } };

  it('allows, without a patch where nothing changes', () => {
    expect(read(formatAdmissionReview('u"1', { patch: [], warnings: [] }))).toEqual({
      apiVersion: 'admission.k8s.io/v1',
      kind: 'AdmissionReview',
      response: { uid: 'u"1', allowed: true },
    });
  });

  it('carries the patch as base64 and the warnings', () => {
    const patch = [{ op: 'replace', path: '/spec/containers/0/image', value: 'nginx:2' }] as const;
    const { response } = read(formatAdmissionReview('u1', { patch, warnings: ['a "b"'] }));
    expect(response).toEqual({
      uid: 'u1',
      allowed: true,
      patchType: 'JSONPatch',
      patch: expect.any(String),
      warnings: ['a "b"'],
    });
    expect(JSON.parse(Buffer.from(response.patch!, 'base64').toString())).toEqual(patch);
  });
});
