import { describe, expect, it } from 'vitest';
import { WriteError } from '../../../application/ports/image-store.ts';
import { KubeError } from './kube-error.ts';
import { writeErrorOf } from './write-error.ts';

describe('writeErrorOf', () => {
  it.each([
    ['gone', 404, 'images "demos" not found'],
    ['gone', 409, 'uid mismatch: the provided object specified uid a, and no existing object was found'],
    ['gone', 409, 'Precondition failed: UID in precondition: a, UID in object meta: b'],
    ['gone', 422, 'Image "demos" is invalid: metadata.uid: Invalid value: "a": field is immutable'],
    [
      'gone',
      403,
      'deployments.apps "web" is forbidden: unable to create new content in namespace demo because it is being terminated',
    ],
    ['gone', 404, 'namespaces "demo" not found'],
    ['gone', 410, 'gone'],
    ['conflict', 409, 'the object has been modified; please apply your changes to the latest version'],
    ['refused', 422, 'Image "demos" is invalid: status.result: Unsupported value'],
    ['refused', 403, 'images is forbidden'],
    ['refused', 400, 'bad'],
    ['retry', 0, 'connect ECONNREFUSED'],
    ['retry', 401, 'Unauthorized'],
    ['retry', 429, 'slow down'],
    ['retry', 500, 'etcdserver: leader changed'],
    ['retry', 503, 'not yet'],
  ] as const)('%s: %d %s', (consequence, status, message) => {
    const cause = new KubeError(message, status, '');
    expect(writeErrorOf(cause)).toMatchObject({ name: 'WriteError', consequence, message, cause });
  });

  it('keeps how long the API server asks to wait', () => {
    expect(writeErrorOf(new KubeError('slow down', 429, '', 30_000)).retryAfterMs).toBe(30_000);
    expect(writeErrorOf(new KubeError('slow down', 429, '')).retryAfterMs).toBeUndefined();
  });

  it('leaves a WriteError as it is, and refuses what is no answer at all', () => {
    const error = new WriteError('gone', 'gone');
    expect(writeErrorOf(error)).toBe(error);
    expect(writeErrorOf(new TypeError('"../x" is no name'))).toMatchObject({ consequence: 'refused' });
  });
});
