import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { NamespaceStore } from '../../src/application/ports/namespace-store.ts';
import { eventually } from '../support/eventually.ts';

/** The namespaces of a cluster, and somebody who makes them. */
export interface NamespaceStoreUnderTest {
  readonly store: NamespaceStore;
  /** What the names of the test's own namespaces begin with: there may be others. */
  readonly prefix: string;
  /** Makes a namespace with these annotations of kimup's, given without their prefix, and another annotation and a label of its own. */
  create(name: string, annotations: Readonly<Record<string, string>>): Promise<void>;
  /** Makes kimup's annotations be these. */
  annotate(name: string, annotations: Readonly<Record<string, string>>): Promise<void>;
  /** Changes something of a namespace that is none of kimup's annotations. */
  touch(name: string): Promise<void>;
  /** Takes a namespace away; ends when it is gone. */
  remove(name: string): Promise<void>;
  stop(): Promise<void>;
}

const ENABLED = 'kimup.cloudavenue.io/enabled';
const POLICY = 'kimup.cloudavenue.io/failure-policy';

/** What every {@link NamespaceStore} does. */
export function namespaceStoreContract(name: string, start: () => Promise<NamespaceStoreUnderTest>): void {
  describe(`${name}, a NamespaceStore`, () => {
    let under: NamespaceStoreUnderTest;
    beforeEach(async () => void (under = await start()));
    afterEach(() => under.stop());

    const team = (): string => `${under.prefix}-team`;
    const made = async (annotations: Readonly<Record<string, string>> = { enabled: 'true' }): Promise<void> => {
      await under.create(team(), annotations);
      await eventually(() => under.store.annotations(team()) !== undefined);
    };
    /** What listeners of this test are told of its own namespaces. */
    const subscribe = (): string[] => {
      const told: string[] = [];
      const isOwn = (namespace: string): boolean => namespace.startsWith(under.prefix);
      under.store.subscribe({
        changed: ({ name, annotations }, previous) =>
          void (
            isOwn(name) &&
            told.push(`${previous === undefined ? 'new' : previous.annotations[ENABLED]} ${annotations[ENABLED]}`)
          ),
        deleted: ({ name, annotations }) => void (isOwn(name) && told.push(`gone ${annotations[ENABLED]}`)),
      });
      return told;
    };

    it("shows kimup's annotations of a namespace, and no others", async () => {
      await made({ enabled: 'true', 'failure-policy': 'Ignore' });
      const annotations = { [ENABLED]: 'true', [POLICY]: 'Ignore' };
      expect(under.store.annotations(team())).toEqual(annotations);
      expect(under.store.list()).toContainEqual({ name: team(), annotations });
      expect(under.store.synced()).toBe(true);
      expect(under.store.staleForMs()).toBe(0);
    });

    it('tells a namespace without annotations from one that is not there', async () => {
      await made({});
      expect(under.store.annotations(team())).toEqual({});
      expect(under.store.list()).toContainEqual({ name: team(), annotations: {} });
      expect(under.store.annotations(`${under.prefix}-other`)).toBeUndefined();
      expect(under.store.annotations('')).toBeUndefined();
    });

    it('shows changes as they come, and nothing of what is gone', async () => {
      await made();
      await under.annotate(team(), { 'failure-policy': 'Fail' });
      await eventually(() => under.store.annotations(team())?.[POLICY]);
      expect(under.store.annotations(team())).toEqual({ [POLICY]: 'Fail' });
      await under.remove(team());
      await eventually(() => under.store.annotations(team()) === undefined);
      expect(under.store.list().map(({ name }) => name)).not.toContain(team());
    });

    it('tells of what is there first, then of every change, with what was before', async () => {
      await made();
      const told = subscribe();
      expect(told).toEqual(['new true']);
      await under.annotate(team(), { enabled: 'false' });
      await eventually(() => told.length === 2);
      await under.remove(team());
      await eventually(() => told.length === 3);
      expect(told).toEqual(['new true', 'true false', 'gone false']);
    });

    it('tells nobody of what it does not show', async () => {
      await made();
      const told = subscribe();
      await under.touch(team());
      await under.annotate(team(), { enabled: 'false' });
      await eventually(() => told.length === 2);
      await under.touch(team());
      await under.annotate(team(), { enabled: 'later' });
      await eventually(() => told.length === 3);
      expect(told).toEqual(['new true', 'true false', 'false later']);
    });

    it('tells a namespace that was made again as gone, then new', async () => {
      await made();
      const told = subscribe();
      await under.remove(team());
      await under.create(team(), { enabled: 'false' });
      await eventually(() => told.length === 3);
      expect(told).toEqual(['new true', 'gone true', 'new false']);
    });

    it('tells every listener', async () => {
      await made();
      const [one, other] = [subscribe(), subscribe()];
      await under.annotate(team(), { enabled: 'false' });
      await eventually(() => one.length === 2 && other.length === 2);
      expect([one, other]).toEqual([
        ['new true', 'true false'],
        ['new true', 'true false'],
      ]);
    });
  });
}
