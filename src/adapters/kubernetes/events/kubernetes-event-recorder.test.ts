import { describe, expect, it, vi } from 'vitest';
import { eventRecorderContract } from '../../../../test/contracts/event-recorder.contract.ts';
import { FakeClock } from '../../../../test/support/fakes/fake-clock.ts';
import type { EventSubject } from '../../../application/ports/event-recorder.ts';
import { KubeError } from '../client/kube-error.ts';
import { KubernetesEventRecorder } from './kubernetes-event-recorder.ts';

const SUBJECT = {
  kind: 'Image',
  apiVersion: 'kimup.cloudavenue.io/v1alpha1',
  namespace: 'default',
  name: 'demos',
  uid: 'u-1',
};
const MINUTE = 60_000;

interface Written {
  readonly metadata: { readonly name: string };
  readonly series?: { readonly count: number };
  readonly type: string;
  readonly reason: string;
  readonly note: string;
  readonly regarding: EventSubject;
}

function make() {
  const clock = new FakeClock();
  const created: Written[] = [];
  const patched: { name: string; series: { count: number; lastObservedTime: string } }[] = [];
  const log = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() };
  const client = {
    create: vi.fn(async (_: unknown, __: unknown, body: Written) => void created.push(body)),
    mergePatch: vi.fn(
      async (_: unknown, { name }: { name: string }, body: { series: { count: number; lastObservedTime: string } }) =>
        void patched.push({ name, ...body }),
    ),
  };
  const recorder = new KubernetesEventRecorder(
    client as never,
    { component: 'kimup-controller', instance: 'pod-1' },
    clock,
    log,
  );
  return { clock, created, patched, log, client, recorder };
}

eventRecorderContract('KubernetesEventRecorder', async () => {
  const { clock, created, client, recorder } = make();
  return {
    recorder,
    namespace: 'default',
    seen: async () => {
      await clock.advance(0);
      return created.map(({ regarding, type, reason, note }) => ({ subject: regarding, type, reason, message: note }));
    },
    refuse: () => void client.create.mockRejectedValue(new KubeError('events is forbidden', 403, 'Forbidden')),
    stop: () => recorder.stop(),
  };
});

describe('KubernetesEventRecorder', () => {
  it('writes who, what, when and about which object', async () => {
    const { clock, created, recorder } = make();
    recorder.record(SUBJECT, 'Warning', 'RegistryError', 'the registry is down');
    expect(created).toEqual([]);
    await clock.advance(0);
    expect(created).toEqual([
      {
        apiVersion: 'events.k8s.io/v1',
        kind: 'Event',
        metadata: { namespace: 'default', name: expect.stringMatching(/^demos\.[0-9a-f]{16}$/) as string },
        eventTime: '2026-01-01T00:00:00.000000Z',
        reportingController: 'kimup-controller',
        reportingInstance: 'pod-1',
        action: 'RegistryError',
        reason: 'RegistryError',
        type: 'Warning',
        note: 'the registry is down',
        regarding: { apiVersion: SUBJECT.apiVersion, kind: 'Image', namespace: 'default', name: 'demos', uid: 'u-1' },
      },
    ]);
  });

  it('counts repeats on the event that is there: the second at once, then every five minutes', async () => {
    const { clock, created, patched, recorder } = make();
    for (let i = 0; i < 61; i++) {
      recorder.record(SUBJECT, 'Warning', 'RegistryError', 'the registry is down');
      await clock.advance(15_000);
    }
    expect(created).toHaveLength(1);
    expect(patched.map(({ series }) => series.count)).toEqual([2, 22, 42]);
    expect(patched[0]).toEqual({
      name: created[0]?.metadata.name,
      series: { count: 2, lastObservedTime: '2026-01-01T00:00:15.000000Z' },
    });
  });

  it('stands there once where the answer to its first try was lost', async () => {
    const { clock, created, patched, client, recorder } = make();
    client.create.mockImplementation(async (_, __, body) => {
      if (created.some(({ metadata }) => metadata.name === body.metadata.name))
        throw new KubeError('it exists', 409, 'AlreadyExists');
      created.push(body);
      throw new KubeError('no answer', 0, 'NoAnswer');
    });
    recorder.record(SUBJECT, 'Normal', 'UpdateFound', 'v1 -> v2');
    await clock.advance(MINUTE);
    expect(created).toHaveLength(1);
    recorder.record(SUBJECT, 'Normal', 'UpdateFound', 'v1 -> v2');
    await clock.advance(0);
    expect(patched.map(({ name }) => name)).toEqual([created[0]?.metadata.name]);
  });

  it('is a new event after ten quiet minutes, or when anything of it differs', async () => {
    const { clock, created, recorder } = make();
    recorder.record(SUBJECT, 'Warning', 'A', 'x');
    await clock.advance(10 * MINUTE);
    recorder.record(SUBJECT, 'Warning', 'A', 'x');
    recorder.record(SUBJECT, 'Normal', 'A', 'x');
    recorder.record(SUBJECT, 'Warning', 'B', 'x');
    recorder.record(SUBJECT, 'Warning', 'A', 'y');
    recorder.record({ ...SUBJECT, uid: 'u-2' }, 'Warning', 'A', 'x');
    await clock.advance(0);
    expect(created).toHaveLength(6);
  });

  it('leaves out what is too much of one object, not of others', async () => {
    const { clock, created, recorder } = make();
    for (let i = 0; i < 40; i++) recorder.record(SUBJECT, 'Normal', 'Moved', `to v${i}`);
    recorder.record({ ...SUBJECT, name: 'other', uid: 'u-2' }, 'Normal', 'Moved', 'to v1');
    await clock.advance(0);
    expect(created).toHaveLength(26);
  });

  it.each([
    ['x'.repeat(1_025), `${'x'.repeat(1_021)}…`],
    ['x'.repeat(1_024), 'x'.repeat(1_024)],
    [`${'x'.repeat(1_020)}€€`, `${'x'.repeat(1_020)}…`],
    ['€'.repeat(400), `${'€'.repeat(340)}…`],
  ])('cuts a message at 1,024 bytes, between characters', async (message, note) => {
    const { clock, created, recorder } = make();
    recorder.record(SUBJECT, 'Normal', 'A', message);
    await clock.advance(0);
    expect(created[0]?.note).toBe(note);
    expect(Buffer.byteLength(created[0]?.note ?? '')).toBeLessThanOrEqual(1_024);
  });

  it('tries again while the API server is away, in order', async () => {
    const { clock, created, client, recorder } = make();
    client.create
      .mockRejectedValueOnce(new KubeError('connect ECONNREFUSED', 0, 'NoAnswer'))
      .mockRejectedValueOnce(new KubeError('not yet', 503, ''));
    recorder.record(SUBJECT, 'Normal', 'A', '1');
    recorder.record(SUBJECT, 'Normal', 'A', '2');
    await clock.advance(9_999);
    expect(created).toEqual([]);
    await clock.advance(1);
    expect(created.map(({ note }) => note)).toEqual(['1', '2']);
  });

  it('drops what is refused, with a line in the log, and goes on', async () => {
    const { clock, created, client, log, recorder } = make();
    client.create.mockRejectedValueOnce(new KubeError('events is forbidden', 403, 'Forbidden'));
    recorder.record(SUBJECT, 'Normal', 'A', '1');
    recorder.record(SUBJECT, 'Normal', 'A', '2');
    await clock.advance(0);
    expect(created.map(({ note }) => note)).toEqual(['2']);
    expect(log.warn).toHaveBeenCalledTimes(1);
  });

  it('makes an event anew that is not there any more', async () => {
    const { clock, created, client, recorder } = make();
    client.mergePatch.mockRejectedValueOnce(new KubeError('not found', 404, 'NotFound'));
    recorder.record(SUBJECT, 'Normal', 'A', '1');
    await clock.advance(0);
    recorder.record(SUBJECT, 'Normal', 'A', '1');
    await clock.advance(0);
    expect(created.map(({ series }) => series?.count)).toEqual([undefined, 2]);
  });

  it('keeps a thousand waiting, and drops what comes on top', async () => {
    const { clock, created, client, log, recorder } = make();
    client.create.mockRejectedValueOnce(new KubeError('connect ECONNREFUSED', 0, 'NoAnswer'));
    for (let i = 0; i < 1_500; i++) recorder.record({ ...SUBJECT, uid: `u-${i}` }, 'Normal', 'A', '1');
    await clock.advance(10_000);
    expect(created).toHaveLength(1_000);
    expect(log.warn).toHaveBeenCalledTimes(1);
  });

  it('never throws', () => {
    const { recorder, log } = make();
    recorder.record(undefined as never, 'Normal', 'A', '1');
    expect(log.warn).toHaveBeenCalledTimes(1);
  });

  it('stops: writes what waits, and does not wait for an API server that is away', async () => {
    const { created, client, recorder } = make();
    recorder.record(SUBJECT, 'Normal', 'A', '1');
    recorder.record(SUBJECT, 'Normal', 'A', '2');
    await recorder.stop();
    expect(created).toHaveLength(2);
    recorder.record(SUBJECT, 'Normal', 'A', '3');
    await recorder.stop();
    expect(created).toHaveLength(2);

    const away = make();
    away.client.create.mockRejectedValue(new KubeError('connect ECONNREFUSED', 0, 'NoAnswer'));
    for (let i = 0; i < 10; i++) away.recorder.record(SUBJECT, 'Normal', 'A', `${i}`);
    await away.clock.advance(0);
    await away.recorder.stop();
    expect(away.client.create.mock.calls.length).toBeLessThanOrEqual(3);
    expect(client.create).toHaveBeenCalledTimes(2);
  });
});
