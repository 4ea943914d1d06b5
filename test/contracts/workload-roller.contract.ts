import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { WriteError } from '../../src/application/ports/image-store.ts';
import { UNKNOWN_MANAGER, type WorkloadRoller } from '../../src/application/ports/workload-roller.ts';
import type { WorkloadKind } from '../../src/domain/image/image-status.ts';
import { type Workload, workloadId } from '../../src/domain/rollout/workload.ts';
import { HANG_MS } from '../../tools/cluster/hang.ts';

/** An empty namespace of a cluster, and people who work there. */
export interface WorkloadRollerUnderTest {
  readonly roller: WorkloadRoller;
  readonly namespace: string;
  /** Makes a workload of one replica, with these annotations on its pod template. */
  create(kind: WorkloadKind, name: string, annotations?: Readonly<Record<string, string>>): Promise<void>;
  /** Sets the template's images annotation, or removes it, as the field manager `manager`. */
  override(kind: WorkloadKind, name: string, text: string | undefined, manager: string): Promise<void>;
  /** Changes something of the workload, but not its images annotation. */
  touch(kind: WorkloadKind, name: string): Promise<void>;
  remove(kind: WorkloadKind, name: string): Promise<void>;
  stop(): Promise<void>;
}

const IMAGES = 'kimup.cloudavenue.io/images';
const SAYS = { 'kimup.cloudavenue.io/enabled': 'true' };
const KINDS: readonly WorkloadKind[] = ['Deployment', 'StatefulSet', 'DaemonSet'];

/** What every {@link WorkloadRoller} does. */
export function workloadRollerContract(name: string, start: () => Promise<WorkloadRollerUnderTest>): void {
  describe(`${name}, a WorkloadRoller`, () => {
    let under: WorkloadRollerUnderTest;
    beforeEach(async () => void (under = await start()));
    afterEach(() => under.stop());

    const find = (id: string): Workload | undefined =>
      under.roller.list(under.namespace).find((one) => workloadId(one) === id);
    const shown = (id: string, until: (one: Workload) => unknown = () => true): Promise<Workload> =>
      vi.waitUntil(
        () => {
          const found = find(id);
          return found !== undefined && until(found) ? found : undefined;
        },
        { timeout: HANG_MS, interval: 10 },
      );
    const made = async (
      kind: WorkloadKind = 'Deployment',
      annotations: Readonly<Record<string, string>> = SAYS,
    ): Promise<Workload> => {
      await under.create(kind, 'web', annotations);
      return shown(
        `${kind}/web`,
        (one) => one.status.observedGeneration === one.generation && one.status.updated === 1,
      );
    };
    const consequence = async (write: Promise<unknown>): Promise<string> => {
      const error = await write.then(
        () => undefined,
        (reason: unknown) => reason,
      );
      expect(error).toBeInstanceOf(WriteError);
      return (error as WriteError).consequence;
    };

    it('shows the three kinds of one namespace', async () => {
      for (const kind of KINDS) await under.create(kind, 'web', SAYS);
      for (const kind of KINDS) {
        expect(await shown(`${kind}/web`)).toMatchObject({
          kind,
          name: 'web',
          namespace: under.namespace,
          deleting: false,
          paused: false,
          strategy: 'RollingUpdate',
          partition: 0,
          ownsAnnotation: false,
          template: { annotations: SAYS, containers: [{ name: 'main', image: 'registry.test/whoami:v1.9.0' }] },
        });
      }
      expect(under.roller.list('elsewhere')).toEqual([]);
      expect(under.roller.synced()).toBe(true);
    });

    it('tells of what is there, then of changes, then of the end', async () => {
      await made();
      const told: string[] = [];
      under.roller.subscribe({
        changed: (one) =>
          void (
            one.namespace === under.namespace &&
            told.push(`${workloadId(one)} ${one.template.annotations[IMAGES] ?? '-'}`)
          ),
        deleted: (one) => void (one.namespace === under.namespace && told.push(`${workloadId(one)} gone`)),
      });
      expect(told).toEqual(['Deployment/web -']);
      await under.override('Deployment', 'web', 'demos=v2', 'kubectl-edit');
      await vi.waitUntil(() => told.includes('Deployment/web demos=v2'), { timeout: HANG_MS });
      await under.remove('Deployment', 'web');
      await vi.waitUntil(() => told.includes('Deployment/web gone'), { timeout: HANG_MS });
    });

    it.each(KINDS)('sets the images annotation of a %s, and removes it without a trace', async (kind) => {
      const before = await made(kind);
      const set = await under.roller.setImagesAnnotation(before, 'demos=v1.10.2');
      expect(set).toMatchObject({
        generation: before.generation + 1,
        ownsAnnotation: true,
        template: { annotations: { ...SAYS, [IMAGES]: 'demos=v1.10.2' } },
        revision: before.revision,
      });
      const changed = await under.roller.setImagesAnnotation(set, 'another=v1,demos=v1.10.2');
      expect(changed.template.annotations[IMAGES]).toBe('another=v1,demos=v1.10.2');
      const back = await under.roller.setImagesAnnotation(changed, undefined);
      expect(back).toMatchObject({
        generation: before.generation + 3,
        template: before.template,
        revision: before.revision,
      });
      expect(back.template).toEqual(before.template);
      await shown(
        `${kind}/web`,
        (one) => one.generation === back.generation && one.template.annotations[IMAGES] === undefined,
      );
    });

    it('takes the only annotation of a template away without a trace', async () => {
      const before = await made('Deployment', {});
      const back = await under.roller.setImagesAnnotation(
        await under.roller.setImagesAnnotation(before, 'demos=v1.10.2'),
        undefined,
      );
      expect(back).toMatchObject({ revision: before.revision, template: before.template });
    });

    it('changes nothing when the annotation is there already', async () => {
      const set = await under.roller.setImagesAnnotation(await made(), 'demos=v1.10.2');
      expect((await under.roller.setImagesAnnotation(set, 'demos=v1.10.2')).generation).toBe(set.generation);
    });

    it('does not overwrite an annotation that it was not shown', async () => {
      const stale = await made();
      await under.override('Deployment', 'web', 'demos=v3', 'kubectl-edit');
      expect(await consequence(under.roller.setImagesAnnotation(stale, 'demos=v1.10.2'))).toBe('conflict');
      expect((await under.roller.annotationManager(stale))?.workload.template.annotations[IMAGES]).toBe('demos=v3');
    });

    it('does not mind what else has changed', async () => {
      const stale = await made();
      await under.touch('Deployment', 'web');
      expect((await under.roller.setImagesAnnotation(stale, 'demos=v1.10.2')).template.annotations[IMAGES]).toBe(
        'demos=v1.10.2',
      );
    });

    it('takes away what somebody else had set', async () => {
      await made();
      await under.override('Deployment', 'web', 'demos=v3', 'kubectl-edit');
      const theirs = await shown('Deployment/web', (one) => one.template.annotations[IMAGES] === 'demos=v3');
      expect(theirs.ownsAnnotation).toBe(false);
      expect((await under.roller.setImagesAnnotation(theirs, undefined)).template.annotations[IMAGES]).toBeUndefined();
    });

    it.each([
      ['demos=v3', 'kubectl-rollout'],
      [undefined, UNKNOWN_MANAGER],
    ])('knows who changed the annotation last, to %s', async (text, manager) => {
      const set = await under.roller.setImagesAnnotation(await made(), 'demos=v1.10.2');
      expect(await under.roller.annotationManager(set)).toMatchObject({
        workload: { generation: set.generation, ownsAnnotation: true },
        manager: 'kimup-operator',
      });
      await under.override('Deployment', 'web', text, 'kubectl-rollout');
      const last = await under.roller.annotationManager(set);
      expect(last).toMatchObject({ workload: { ownsAnnotation: false }, manager });
      expect(last?.workload.template.annotations[IMAGES]).toBe(text);
    });

    it('does not make a workload that is gone, nor touch one that was made again', async () => {
      const first = await made();
      await under.remove('Deployment', 'web');
      await vi.waitUntil(() => find('Deployment/web') === undefined, { timeout: HANG_MS });
      expect(await consequence(under.roller.setImagesAnnotation(first, 'demos=v1.10.2'))).toBe('gone');
      expect(await under.roller.annotationManager(first)).toBeUndefined();
      await under.create('Deployment', 'web', SAYS);
      const second = await shown('Deployment/web');
      expect(second.uid).not.toBe(first.uid);
      expect(await consequence(under.roller.setImagesAnnotation(first, 'demos=v1.10.2'))).toBe('gone');
      expect(await under.roller.annotationManager(first)).toBeUndefined();
    });

    it.each(KINDS)('shows the pods of a %s with what they were made from, and deletes one by its uid', async (kind) => {
      const before = await made(kind, { ...SAYS, [IMAGES]: 'demos=v1.9.0' });
      const pods = await vi.waitUntil(
        async () => {
          const found = await under.roller.pods(before);
          return found.length === 1 && found[0]?.ready ? found : undefined;
        },
        { timeout: HANG_MS, interval: 20 },
      );
      expect(pods[0]).toMatchObject({
        deleting: false,
        finished: false,
        ready: true,
        imagesAnnotation: 'demos=v1.9.0',
        containers: [{ name: 'main', image: 'registry.test/whoami:v1.9.0' }],
      });
      const [pod] = pods;
      await under.roller.deletePod(before, { ...pod!, uid: 'of-another' });
      expect((await under.roller.pods(before)).map(({ uid, deleting }) => [uid, deleting])).toEqual([
        [pod!.uid, false],
      ]);
      await under.roller.deletePod(before, pod!);
      await vi.waitUntil(
        async () => !(await under.roller.pods(before)).some(({ uid, deleting }) => uid === pod!.uid && !deleting),
        { timeout: HANG_MS, interval: 20 },
      );
      await under.roller.deletePod(before, pod!);
    });
  });
}
