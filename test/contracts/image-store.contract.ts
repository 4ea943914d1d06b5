import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type ImageStore, WriteError } from '../../src/application/ports/image-store.ts';
import type { Condition } from '../../src/domain/image/image-status.ts';
import type { Image } from '../../src/domain/image/image.ts';
import { controllerStatus } from '../support/builders/image.ts';
import { eventually } from '../support/eventually.ts';
import { HANG_MS } from '../../tools/cluster/hang.ts';

/** An empty namespace of a cluster, as both components see it, and a user who makes Images there. */
export interface ImageStoreUnderTest {
  readonly controller: ImageStore;
  /** The same one where it makes no difference. */
  readonly operator: ImageStore;
  readonly namespace: string;
  create(name: string, annotations?: Readonly<Record<string, string>>): Promise<void>;
  changeBaseTag(name: string, baseTag: string): Promise<void>;
  remove(name: string): Promise<void>;
  stop(): Promise<void>;
}

const AT = '2026-11-22T10:00:00Z';

function condition(type: string, status: Condition['status'], reason = 'AsTheTestSays'): Condition {
  return { type, status, reason, message: `${type} is ${status}`, lastTransitionTime: AT, observedGeneration: 1 };
}

/** What every {@link ImageStore} does. */
export function imageStoreContract(name: string, start: () => Promise<ImageStoreUnderTest>): void {
  describe(`${name}, an ImageStore`, () => {
    let under: ImageStoreUnderTest;
    beforeEach(async () => void (under = await start()));
    afterEach(() => under.stop());

    /** What the store shows, once it is as `until` wants it. */
    const shown = (
      store: ImageStore,
      imageName: string,
      until: (image: Image) => unknown = () => true,
    ): Promise<Image> =>
      vi.waitUntil(
        () => {
          const image = store.get({ namespace: under.namespace, name: imageName });
          return image !== undefined && until(image) ? image : undefined;
        },
        { timeout: HANG_MS, interval: 5 },
      );

    const made = async (imageName: string, annotations?: Readonly<Record<string, string>>): Promise<Image> => {
      await under.create(imageName, annotations);
      await shown(under.operator, imageName);
      return shown(under.controller, imageName);
    };

    const consequence = async (write: Promise<void>): Promise<string> => {
      const error = await write.then(
        () => undefined,
        (reason: unknown) => reason,
      );
      expect(error).toBeInstanceOf(WriteError);
      return (error as WriteError).consequence;
    };

    it('shows what a user made: by key, in lists, of its namespace only', async () => {
      const image = await made('demos', { action: 'refresh' });
      expect(image).toMatchObject({
        namespace: under.namespace,
        name: 'demos',
        generation: 1,
        deleting: false,
        annotations: { action: 'refresh' },
      });
      expect(image.spec).toEqual({
        image: 'registry.test/whoami',
        baseTag: 'v1.9.0',
        imagePullSecrets: ['pull'],
        insecureSkipTLSVerify: false,
        triggers: [{ type: 'crontab', value: '*/15 * * * * *' }],
        rules: [{ name: 'minor', type: 'semver-minor', actions: [{ type: 'apply' }] }],
      });
      expect(image.status).toEqual({ conditions: [] });
      expect(image.uid).not.toBe('');
      expect(under.controller.list(under.namespace)).toEqual([image]);
      expect(under.controller.list()).toContainEqual(image);
      expect(under.controller.list('elsewhere')).toEqual([]);
      expect(under.controller.get({ namespace: under.namespace, name: 'other' })).toBeUndefined();
      expect(under.controller.synced()).toBe(true);
    });

    it('tells of what is there first, then of every change, with what was before', async () => {
      await made('there');
      const told: string[] = [];
      under.controller.subscribe({
        changed: (image, previous) =>
          told.push(`${image.name} ${previous?.spec.baseTag ?? 'new'} ${image.spec.baseTag}`),
        deleted: (image) => told.push(`${image.name} gone`),
      });
      expect(told).toEqual(['there new v1.9.0']);
      await made('later');
      await under.changeBaseTag('later', 'v1.10.0');
      await under.remove('later');
      await eventually(() => told.length === 4);
      expect(told.slice(1)).toEqual(['later new v1.9.0', 'later v1.9.0 v1.10.0', 'later gone']);
    });

    it('tells an Image that was made again as gone, then new', async () => {
      await made('demos');
      const told: string[] = [];
      under.controller.subscribe({
        changed: (_, previous) => told.push(previous === undefined ? 'new' : 'changed'),
        deleted: () => told.push('gone'),
      });
      await under.remove('demos');
      await under.create('demos');
      await eventually(() => told.length === 3);
      expect(told).toEqual(['new', 'gone', 'new']);
    });

    it("writes the controller's status whole: what is left out goes", async () => {
      const image = await made('demos');
      await under.controller.writeControllerStatus(
        image,
        controllerStatus({
          tag: 'v1.9.0',
          digest: 'sha256:1',
          result: 'Scheduled',
          update: { tag: 'v1.10.2', digest: 'sha256:2', rule: 'minor', since: AT },
          conditions: [condition('Ready', 'False'), condition('Reconciling', 'True')],
        }),
      );
      const moving = await shown(under.controller, 'demos', ({ status }) => status.update !== undefined);
      expect(moving.status).toMatchObject({
        tag: 'v1.9.0',
        digest: 'sha256:1',
        result: 'Scheduled',
        time: AT,
        image: 'registry.test/whoami',
        baseTag: 'v1.9.0',
        observedGeneration: 1,
      });
      expect(moving.status.update).toEqual({ tag: 'v1.10.2', digest: 'sha256:2', rule: 'minor', since: AT });

      await under.controller.writeControllerStatus(
        moving,
        controllerStatus({ tag: 'v1.10.2', conditions: [condition('Ready', 'True')] }),
      );
      const done = await shown(
        under.controller,
        'demos',
        ({ status }) => status.update === undefined && status.tag === 'v1.10.2',
      );
      expect(done.status).toEqual({
        tag: 'v1.10.2',
        result: 'Success',
        time: AT,
        image: 'registry.test/whoami',
        baseTag: 'v1.9.0',
        observedGeneration: 1,
        conditions: [condition('Ready', 'True')],
      });
      expect(done.generation).toBe(1);
    });

    it("leaves each component's fields and conditions to it", async () => {
      const image = await made('demos');
      const rollout = {
        tag: 'v1.10.2',
        digest: 'sha256:2',
        phase: 'Progressing',
        since: AT,
        workloads: [{ kind: 'Deployment', name: 'web', previousTag: 'v1.9.0', phase: 'Progressing', since: AT }],
      } as const;
      await under.controller.writeControllerStatus(
        image,
        controllerStatus({ tag: 'v1.9.0', conditions: [condition('Ready', 'True')] }),
      );
      const tagged = await shown(under.operator, 'demos', ({ status }) => status.tag !== undefined);
      await under.operator.writeOperatorStatus(tagged, { rollout, conditions: [condition('RolledOut', 'False')] });
      const both = await shown(
        under.controller,
        'demos',
        ({ status }) => status.rollout !== undefined && status.tag !== undefined,
      );
      expect(both.status.rollout).toEqual(rollout);
      expect(both.status.conditions.map(({ type }) => type).sort()).toEqual(['Ready', 'RolledOut']);

      await under.controller.writeControllerStatus(
        both,
        controllerStatus({ tag: 'v1.10.2', conditions: [condition('Ready', 'Unknown')] }),
      );
      const later = await shown(under.operator, 'demos', ({ status }) => status.tag === 'v1.10.2');
      expect(later.status.rollout).toEqual(rollout);

      await under.operator.writeOperatorStatus(later, { conditions: [] });
      const cleared = await shown(under.controller, 'demos', ({ status }) => status.rollout === undefined);
      expect(cleared.status.tag).toBe('v1.10.2');
      expect(cleared.status.conditions).toEqual([condition('Ready', 'Unknown')]);
    });

    it('is no change when the same is written again', async () => {
      const image = await made('demos');
      await under.controller.writeControllerStatus(image, controllerStatus({ tag: 'v1.9.0' }));
      const before = await shown(under.controller, 'demos', ({ status }) => status.tag !== undefined);
      await under.controller.writeControllerStatus(before, controllerStatus({ tag: 'v1.9.0' }));
      await under.controller.annotate(before, { tag: 'v1.9.0' });
      const after = await shown(under.controller, 'demos', ({ annotations }) => annotations['tag'] !== undefined);
      expect(after.status).toEqual(before.status);
    });

    it('sets and takes away annotations, its own only', async () => {
      const image = await made('demos', { action: 'refresh', checksum: 'x' });
      await under.controller.annotate(image, { action: null, tag: 'v1.9.0', never: null });
      const annotated = await shown(under.controller, 'demos', ({ annotations }) => annotations['tag'] !== undefined);
      expect(annotated.annotations).toEqual({ checksum: 'x', tag: 'v1.9.0' });
    });

    it('shows what it wrote as soon as it was written', async () => {
      const image = await made('demos', { action: 'refresh' });
      await under.controller.writeControllerStatus(image, controllerStatus({ tag: 'v1.9.0' }));
      expect(under.controller.get(image)?.status.tag).toBe('v1.9.0');
      expect(under.controller.list(under.namespace).map(({ status }) => status.tag)).toEqual(['v1.9.0']);
      await under.controller.annotate(image, { action: null });
      expect(under.controller.get(image)?.annotations).toEqual({});
    });

    it('refuses a status that was decided on an older one of the same component', async () => {
      const image = await made('demos');
      await under.controller.writeControllerStatus(image, controllerStatus({ tag: 'v1.9.0' }));
      expect(
        await consequence(under.controller.writeControllerStatus(image, controllerStatus({ tag: 'v1.8.0' }))),
      ).toBe('conflict');
      expect((await shown(under.controller, 'demos', ({ status }) => status.tag !== undefined)).status.tag).toBe(
        'v1.9.0',
      );
    });

    it('refuses a status that was decided on an older spec', async () => {
      const image = await made('demos');
      await under.changeBaseTag('demos', 'v1.10.0');
      expect(
        await consequence(under.controller.writeControllerStatus(image, controllerStatus({ tag: 'v1.9.0' }))),
      ).toBe('conflict');
      expect(await consequence(under.operator.writeOperatorStatus(image, { conditions: [] }))).toBe('conflict');
      expect((await shown(under.operator, 'demos', ({ spec }) => spec.baseTag === 'v1.10.0')).status).toEqual({
        conditions: [],
      });
    });

    it('takes a status though the other component wrote what it does not rest on', async () => {
      const image = await made('demos');
      const rollout = { tag: 'v1.10.2', phase: 'Progressing', since: AT, workloads: [] } as const;
      await under.operator.writeOperatorStatus(image, { rollout, conditions: [condition('RolledOut', 'False')] });
      await under.controller.writeControllerStatus(image, controllerStatus({ tag: 'v1.9.0' }));
      const both = await shown(
        under.operator,
        'demos',
        ({ status }) => status.tag !== undefined && status.rollout !== undefined,
      );
      await under.controller.writeControllerStatus(
        await shown(under.controller, 'demos', ({ status }) => status.rollout !== undefined),
        controllerStatus({ tag: 'v1.9.0', time: '2026-11-22T10:15:00Z' }),
      );
      await under.operator.writeOperatorStatus(both, {
        rollout: { ...rollout, message: 'later' },
        conditions: [condition('RolledOut', 'False')],
      });
      const last = await shown(under.controller, 'demos', ({ status }) => status.rollout?.message === 'later');
      expect(last.status.time).toBe('2026-11-22T10:15:00Z');
    });

    it("refuses the controller's status where a rollout has ended meanwhile", async () => {
      const image = await made('demos');
      await under.operator.writeOperatorStatus(image, {
        rollout: { tag: 'v1.10.2', phase: 'Healthy', since: AT, workloads: [] },
        conditions: [],
      });
      expect(
        await consequence(under.controller.writeControllerStatus(image, controllerStatus({ tag: 'v1.9.0' }))),
      ).toBe('conflict');
    });

    it('does not take away an annotation that says something else by now', async () => {
      const image = await made('demos', { action: 'refresh' });
      await under.controller.annotate(image, { action: 'reload' });
      expect(await consequence(under.controller.annotate(image, { action: null }))).toBe('conflict');
    });

    it('refuses to write to an Image that is gone', async () => {
      const image = await made('demos');
      await under.remove('demos');
      expect(await consequence(under.controller.writeControllerStatus(image, controllerStatus()))).toBe('gone');
      expect(await consequence(under.operator.writeOperatorStatus(image, { conditions: [] }))).toBe('gone');
      expect(await consequence(under.controller.annotate(image, { action: null }))).toBe('gone');
    });

    it('refuses to write to another Image of the same name', async () => {
      const image = await made('demos');
      await under.remove('demos');
      await under.create('demos');
      const again = await shown(under.controller, 'demos', ({ uid }) => uid !== image.uid);
      expect(
        await consequence(under.controller.writeControllerStatus(image, controllerStatus({ tag: 'v1.9.0' }))),
      ).toBe('gone');
      expect(await consequence(under.operator.writeOperatorStatus(image, { conditions: [] }))).toBe('gone');
      expect(await consequence(under.controller.annotate(image, { tag: 'v1.9.0' }))).toBe('gone');
      await under.controller.writeControllerStatus(again, controllerStatus({ tag: 'v1.10.0' }));
      const written = await shown(under.controller, 'demos', ({ status }) => status.tag !== undefined);
      expect([written.status.tag, written.annotations]).toEqual(['v1.10.0', {}]);
    });
  });
}
