import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyStatus, IMAGE } from '../../../../test/support/domain/controller-statuses.ts';
import { fromStatus, toStatus } from '../../../domain/image/controller-state.ts';
import { imageOf, UnreadableImageError } from './image-mapping.ts';

const METADATA = { namespace: 'default', name: 'demos', uid: 'u-1', resourceVersion: '7', generation: 2 };
const SPEC = {
  image: 'nginx',
  triggers: [{ type: 'crontab', value: '* * * * * *' }],
  rules: [{ name: 'a', type: 'semver-minor', actions: [{ type: 'apply' }] }],
};

/** The path of `spec.rules[0]`. */
function pathOf(field: string): (string | number)[] {
  return [...field.matchAll(/\[(\d+)\]|[^.[\]]+/g)].map(([part, index]) =>
    index === undefined ? part : Number(index),
  );
}

describe('imageOf', () => {
  it("reads what is there, and takes the schema's defaults for what is not", () => {
    expect(imageOf({ metadata: METADATA, spec: { image: 'nginx' } })).toEqual({
      ...METADATA,
      annotations: {},
      deleting: false,
      spec: {
        image: 'nginx',
        baseTag: 'latest',
        imagePullSecrets: [],
        insecureSkipTLSVerify: false,
        triggers: [],
        rules: [],
      },
      status: { conditions: [] },
    });
  });

  it("reads every field of the controller's status: one that is forgotten goes from each Image at its next refresh", () => {
    fc.assert(
      fc.property(anyStatus, (status) => {
        const image = imageOf({ metadata: METADATA, spec: { image: IMAGE }, status });
        expect(toStatus(fromStatus(image))).toEqual(status);
      }),
    );
  });

  it('keeps what an action carries', () => {
    const actions = [{ type: 'alert-discord', data: { valueFrom: { alertConfigRef: { name: 'demo' } } } }];
    expect(
      imageOf({ metadata: METADATA, spec: { ...SPEC, rules: [{ name: 'a', type: 'regex', value: 'x', actions }] } })
        .spec.rules,
    ).toEqual([{ name: 'a', type: 'regex', value: 'x', actions }]);
  });

  it("reads kimup's own annotations, without their prefix", () => {
    const annotations = {
      'kimup.cloudavenue.io/action': 'refresh',
      'kimup.cloudavenue.iox/action': 'no',
      'other/tag': 'no',
    };
    expect(imageOf({ metadata: { ...METADATA, annotations }, spec: SPEC }).annotations).toEqual({ action: 'refresh' });
  });

  it('knows an Image that is being deleted', () => {
    expect(imageOf({ metadata: { ...METADATA, deletionTimestamp: '2026-11-22T10:00:00Z' }, spec: SPEC }).deleting).toBe(
      true,
    );
  });

  it('passes over fields, types and rules of a later version', () => {
    const rule = { name: 'a', type: 'semver-range', value: '>=1', later: true, actions: [{ type: 'apply', later: 1 }] };
    const { spec } = imageOf({
      metadata: METADATA,
      spec: { ...SPEC, later: {}, tags: { include: 'x' }, rules: [rule] },
    });
    expect(spec.rules).toEqual([{ name: 'a', type: 'semver-range', value: '>=1', actions: [{ type: 'apply' }] }]);
    expect(spec).not.toHaveProperty('later');
  });

  it.each([
    ['spec must be an object', undefined],
    ['spec must be an object', 'text'],
    ['spec.image must be a string', {}],
    ['spec.image must be a string', { image: 3 }],
    ['spec.baseTag must be a string', { ...SPEC, baseTag: 1.1 }],
    ['spec.insecureSkipTLSVerify must be true or false', { ...SPEC, insecureSkipTLSVerify: 'yes' }],
    ['spec.imagePullSecrets must be a list', { ...SPEC, imagePullSecrets: 'pull' }],
    ['spec.imagePullSecrets[1].name must be a string', { ...SPEC, imagePullSecrets: [{ name: 'a' }, {}] }],
    ['spec.triggers[0] must be an object', { ...SPEC, triggers: ['* * * * * *'] }],
    [
      'spec.rules[0].actions[0].type must be a string',
      { ...SPEC, rules: [{ name: 'a', type: 'always', actions: [{}] }] },
    ],
    ['spec.rules[0].actions must be a list', { ...SPEC, rules: [{ name: 'a', type: 'always', actions: {} }] }],
  ])('says %s', (message, spec) => {
    const field = message.split(' ')[0]!;
    expect(() => imageOf({ metadata: METADATA, spec })).toThrow(
      expect.objectContaining({ name: 'UnreadableImageError', message, field: pathOf(field) }),
    );
  });

  it.each([{}, { ...METADATA, uid: '' }, { ...METADATA, name: '' }, { ...METADATA, namespace: '' }])(
    'refuses an object without identity: %o',
    (metadata) => {
      expect(() => imageOf({ metadata, spec: SPEC })).toThrow(UnreadableImageError);
    },
  );

  it("counts what can't be read of the status as not written", () => {
    const condition = {
      type: 'Ready',
      status: 'True',
      reason: 'a',
      message: '',
      lastTransitionTime: '2026-11-22T10:00:00Z',
    };
    const row = { kind: 'Deployment', name: 'web', phase: 'Healthy', since: '2026-11-22T10:00:00Z' };
    const entry = {
      from: 'v0',
      to: 'v1',
      rule: 'minor',
      began: '2026-11-22T10:00:00Z',
      ended: '2026-11-22T10:00:00Z',
      outcome: 'Healthy',
    };
    const left = { kind: 'Deployment', name: 'slim', message: 'why' };
    const status = {
      tag: 'v1',
      digest: 3,
      result: null,
      time: '2026-11-22T10:00:00Z',
      image: 'nginx',
      baseTag: 'v1',
      observedGeneration: 'x',
      update: { tag: 'v2' },
      rollout: {
        tag: 'v2',
        phase: 'Progressing',
        since: '2026-11-22T10:00:00Z',
        workloads: [row, { kind: 'Deployment' }, 'x'],
        image: 'acme/whoami',
        leftAlone: [left, {}, 'x'],
        late: { tag: 'v1', workloads: [row, 'x'] },
      },
      history: [entry, { from: 'v0' }, 'x'],
      origins: [{ tag: 'v0', baseTag: 'v0' }, { tag: 'v0' }, 'x'],
      conditions: [condition, 'x', { type: 'Stalled' }],
    };
    expect(imageOf({ metadata: METADATA, spec: SPEC, status }).status).toEqual({
      tag: 'v1',
      time: '2026-11-22T10:00:00Z',
      image: 'nginx',
      baseTag: 'v1',
      rollout: {
        tag: 'v2',
        phase: 'Progressing',
        since: '2026-11-22T10:00:00Z',
        workloads: [row],
        image: 'acme/whoami',
        leftAlone: [left],
        late: { tag: 'v1', workloads: [row] },
      },
      history: [entry],
      origins: [{ tag: 'v0', baseTag: 'v0' }],
      conditions: [condition],
    });
    expect(imageOf({ metadata: METADATA, spec: SPEC, status: [] }).status).toEqual({ conditions: [] });
  });
});
