// What follows for an Image, beside what the tests of a refresh and of kimup plan show of it.
import { describe, expect, it } from 'vitest';
import { FakeImageStore } from '../../../test/support/fakes/fake-image-store.ts';
import type { ImageSpec } from '../../domain/image/image-spec.ts';
import type { ImageStatus } from '../../domain/image/image-status.ts';
import { buildSpec } from '../../domain/rule/rule-catalogue.ts';
import { RegistryError } from '../ports/tag-registry.ts';
import { ActionCatalogue } from '../action/action-catalogue.ts';
import { evaluateImage, type Evaluation, type EvaluationOptions, type KnownTags } from './evaluate-image.ts';

const IMAGE = 'registry.test/app';
const NOW = Date.parse('2026-01-01T00:05:00Z');
const TAGS = ['1.9.0', '1.10.0', '2.0.0'];
const digest = (tag: string): string => `sha256:${Buffer.from(tag).toString('hex').padStart(64, '0')}`;
const REGISTRY: KnownTags['facts'] = { digest: async (tag) => digest(tag), platforms: async () => [] };

function evaluate(
  spec: Partial<ImageSpec>,
  status: Partial<ImageStatus>,
  { facts = REGISTRY, ...options }: EvaluationOptions & { readonly facts?: KnownTags['facts'] } = {},
): Promise<Evaluation> {
  const image = new FakeImageStore().put({
    spec: {
      image: IMAGE,
      baseTag: '1.9.0',
      rules: [{ name: 'minor', type: 'semver-minor', actions: [{ type: 'apply' }] }],
      ...spec,
    },
    status: { image: IMAGE, baseTag: '1.9.0', tag: '1.9.0', ...status },
  });
  return evaluateImage(image, buildSpec(image.spec), { tags: TAGS, facts }, new ActionCatalogue(), NOW, options);
}

describe('a move', () => {
  it('is begun by the action apply', async () => {
    const { state, move, outcome } = await evaluate({}, {});
    expect(state.update).toEqual({
      tag: '1.10.0',
      digest: digest('1.10.0'),
      rule: 'minor',
      since: '2026-01-01T00:05:00.000Z',
    });
    expect(move).toEqual({ rule: 'minor', tag: '1.10.0', action: 'apply' });
    expect(outcome.kind).toBe('ok');
  });

  it('is found and not begun by request-approval', async () => {
    const rules = [{ name: 'minor', type: 'semver-minor', actions: [{ type: 'request-approval' }] }] as const;
    const { state, move, outcome } = await evaluate({ rules }, {});
    expect(state.update).toBeUndefined();
    expect(move).toEqual({ rule: 'minor', tag: '1.10.0', action: 'request-approval' });
    expect(outcome).toMatchObject({ kind: 'stalled', reason: 'UnsupportedAction' });
  });

  it('is no matter of an alert', async () => {
    const rules = [{ name: 'minor', type: 'semver-minor', actions: [{ type: 'alert-email' }] }] as const;
    const { start, state, move } = await evaluate({ rules }, {});
    expect([move, state.update, state.tag]).toEqual([undefined, undefined, start.tag]);
  });
});

describe('a changed spec.baseTag', () => {
  it('moves the Image, without asking the rules unless everybody wants to know', async () => {
    const asked: string[] = [];
    const facts: KnownTags['facts'] = {
      digest: async (tag) => (asked.push(tag), digest(tag)),
      platforms: async () => [],
    };
    const moved = await evaluate({ baseTag: '2.0.0' }, {}, { facts });
    expect(moved).toMatchObject({
      state: { tag: '1.9.0', baseTag: '2.0.0', update: { tag: '2.0.0', rule: 'spec.baseTag' } },
      move: { rule: 'spec.baseTag', tag: '2.0.0' },
    });
    expect(moved.decided).toBeUndefined();
    expect(asked).toEqual(['2.0.0']);
    const told = await evaluate({ baseTag: '2.0.0' }, {}, { everyRule: true });
    expect(told.decided?.answer.outcomes).toMatchObject([{ rule: 'minor', tag: '1.10.0' }]);
    expect(told).toMatchObject({ state: moved.state, move: moved.move });
  });

  it('to where the Image is already is noted, and nothing else happens; people are told where the rules go from there', async () => {
    const { state, move } = await evaluate({ baseTag: '1.9.0' }, { baseTag: '1.0.0' });
    expect(state).toMatchObject({ baseTag: '1.9.0', history: [{ to: '1.9.0', rule: 'spec.baseTag' }] });
    expect([move, state.update]).toEqual([undefined, undefined]);
    const told = await evaluate({ baseTag: '1.9.0' }, { baseTag: '1.0.0' }, { everyRule: true });
    expect(told.move).toMatchObject({ rule: 'minor', tag: '1.10.0' });
  });

  it('to where the Image is ends the update under way', async () => {
    const update = { tag: '1.10.0', rule: 'minor', since: '2026-01-01T00:00:00Z' };
    const { state, outcome } = await evaluate({ baseTag: '1.9.0' }, { baseTag: '1.0.0', update });
    expect([state.tag, state.update]).toEqual(['1.9.0', undefined]);
    expect(outcome).toEqual({ kind: 'ok', message: 'spec.baseTag is now 1.9.0' });
  });

  it('that the registry does not have is an error, and begins nothing', async () => {
    const facts: KnownTags['facts'] = {
      digest: () => Promise.reject(new RegistryError('registry.test has no app:3.0.0', 'not-found')),
      platforms: async () => [],
    };
    await expect(evaluate({ baseTag: '3.0.0' }, {}, { facts })).rejects.toThrow('has no app:3.0.0');
  });
});

it('keeps what was explained before, where nobody asks for reasons', async () => {
  const candidates = [{ tag: '2.0.0', rule: 'minor', reason: 'is from a different major version' }];
  expect((await evaluate({}, { candidates })).state.candidates).toEqual(candidates);
  const explain = () => ({ candidates: [], message: 'because' });
  expect((await evaluate({}, { candidates }, { explain })).state.candidates).toEqual([]);
});
