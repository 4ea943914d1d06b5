import { readFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { eventually } from '../../../../test/support/eventually.ts';
import { FakeClock } from '../../../../test/support/fakes/fake-clock.ts';
import { ScriptedApiServer, status, type ScriptedRequest } from '../../../../test/support/fakes/scripted-api-server.ts';
import { Informer, type InformerOptions } from './informer.ts';
import { KubeClient } from './kube-client.ts';
import { KubeConnection } from './kube-connection.ts';
import { PODS, type KubeObject } from './resource.ts';

interface Pod extends KubeObject {
  readonly spec?: string;
}

/** A pod at a resource version; its uid is that of its name unless it was made again. */
function pod(name: string, resourceVersion: number, uid = name): Pod {
  return { metadata: { namespace: 'default', name, uid, resourceVersion: String(resourceVersion) } };
}

function list(resourceVersion: number, ...items: Pod[]): object {
  return { metadata: { resourceVersion: String(resourceVersion) }, items };
}

const bookmark = (resourceVersion: number): object => ({
  type: 'BOOKMARK',
  object: { metadata: { resourceVersion: String(resourceVersion) } },
});

describe('Informer', () => {
  let server: ScriptedApiServer;
  let connection: KubeConnection;
  let informer: Informer<Pod>;
  let told: string[];
  const log = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() };

  beforeEach(async () => {
    server = await ScriptedApiServer.start();
    connection = KubeConnection.to(server.url, 'test');
    told = [];
    for (const level of Object.values(log)) level.mockClear();
  });
  afterEach(async () => {
    await informer.stop();
    await connection.close();
    await server.stop();
  });

  function start(options: InformerOptions<Pod> = {}): void {
    informer = new Informer(new KubeClient(connection), PODS, { backoff: { firstMs: 5, mostMs: 20 }, log, ...options });
    informer.subscribe({
      changed: (now, previous) =>
        told.push(`${previous === undefined ? '+' : '~'}${now.metadata?.name}@${now.metadata?.resourceVersion}`),
      deleted: (last) => told.push(`-${last.metadata?.name}@${last.metadata?.resourceVersion}`),
    });
    informer.start();
  }

  /** Starts, answers the list, and returns the watch, open. */
  async function watching(...items: Pod[]): Promise<ScriptedRequest> {
    start();
    (await server.next()).json(200, list(10, ...items));
    const watch = await server.next();
    watch.lines();
    return watch;
  }

  const names = (): (string | undefined)[] => informer.list().map((pod) => pod.metadata?.name);

  it('is synced when everything was listed and told, not before', async () => {
    start();
    expect(informer.synced()).toBe(false);
    (await server.next()).json(200, list(10, pod('a', 1), pod('b', 2)));
    await informer.whenSynced();
    expect([informer.synced(), told]).toEqual([true, ['+a@1', '+b@2']]);
  });

  it('watches from where the list was made, with bookmarks and an end', async () => {
    const watch = await watching();
    expect(Object.fromEntries(watch.query)).toMatchObject({
      watch: 'true',
      allowWatchBookmarks: 'true',
      resourceVersion: '10',
    });
    expect(Number(watch.query.get('timeoutSeconds'))).toBeGreaterThanOrEqual(300);
    expect(Number(watch.query.get('timeoutSeconds'))).toBeLessThanOrEqual(600);
  });

  it('follows what is added, changed and deleted', async () => {
    const watch = await watching(pod('a', 1));
    watch.lines(
      { type: 'ADDED', object: pod('b', 11) },
      { type: 'MODIFIED', object: pod('a', 12) },
      { type: 'DELETED', object: pod('b', 13) },
    );
    await eventually(() => told.length === 4);
    expect(told).toEqual(['+a@1', '+b@11', '~a@12', '-b@13']);
    expect(names()).toEqual(['a']);
  });

  it('tells a late subscriber of what is there', async () => {
    const watch = await watching(pod('a', 1));
    watch.lines({ type: 'MODIFIED', object: pod('a', 12) });
    await eventually(() => told.length === 2);
    const late: unknown[] = [];
    informer.subscribe({
      changed: (now, previous) => late.push([now.metadata?.resourceVersion, previous]),
      deleted: () => undefined,
    });
    expect(late).toEqual([['12', undefined]]);
  });

  it('finds objects by name and by namespace', async () => {
    const other = { metadata: { namespace: 'other', name: 'a', uid: 'o', resourceVersion: '3' } };
    const watch = await watching(pod('a', 1), other);
    expect(informer.get('default', 'a')?.metadata?.uid).toBe('a');
    expect(informer.get('nowhere', 'a')).toBeUndefined();
    expect(informer.list('other')).toHaveLength(1);
    expect(informer.list()).toHaveLength(2);
    watch.lines({ type: 'DELETED', object: { metadata: { ...other.metadata, resourceVersion: '14' } } });
    await eventually(() => informer.list().length === 1);
    expect(informer.list('other')).toEqual([]);
  });

  it('goes on from the last it heard of when the server ends the watch, bookmarks included', async () => {
    const watch = await watching(pod('a', 1));
    watch.lines({ type: 'MODIFIED', object: pod('a', 12) }, bookmark(40));
    watch.end();
    const next = await server.next();
    expect([next.query.get('watch'), next.query.get('resourceVersion')]).toEqual(['true', '40']);
    next.lines({ type: 'MODIFIED', object: pod('a', 41) });
    await eventually(() => told.length === 3);
    expect(told).toEqual(['+a@1', '~a@12', '~a@41']);
  });

  it('goes on from the last whole line when a line is cut', async () => {
    const watch = await watching();
    watch.lines({ type: 'ADDED', object: pod('a', 11) });
    watch.response.write('{"type":"ADDED","object":{"metadata":{"na');
    await eventually(() => told.length === 1);
    watch.cut();
    const next = await server.next();
    expect(next.query.get('resourceVersion')).toBe('11');
    next.lines();
  });

  it.each(['<html>', '7', 'null'])(
    'lists anew after the line %s: from the same point in time it would come again',
    async (line) => {
      const watch = await watching(pod('a', 1));
      watch.response.write(`${line}\n`);
      const again = await server.next();
      expect(again.query.has('watch')).toBe(false);
      again.json(200, list(20, pod('a', 1), pod('b', 15)));
      (await server.next()).lines();
      expect(told).toEqual(['+a@1', '+b@15']);
    },
  );

  describe('by a clock that stands still', () => {
    let clock: FakeClock;
    let looks: { readonly mock: { readonly calls: unknown[][] } };

    /** With silence for so long, milliseconds; the list is answered, the first watch comes next. */
    async function listed(silentMs: number): Promise<void> {
      clock = new FakeClock();
      start({ silenceMs: { min: silentMs, max: silentMs }, clock });
      (await server.next()).json(200, list(10, pod('a', 1)));
      await informer.whenSynced();
    }

    /** Does something that the informer notes the time of, and waits until it has. */
    async function heard(say: () => void): Promise<void> {
      looks = vi.spyOn(clock, 'now');
      say();
      await eventually(() => looks.mock.calls.length > 0);
      vi.restoreAllMocks();
    }

    it('opens a watch anew that brings nothing at all, from where it was, and says nothing of it', async () => {
      await listed(400);
      const deaf = await server.next();
      deaf.lines({ type: 'MODIFIED', object: pod('a', 12) });
      await eventually(() => told.length === 2);
      await clock.advance(400);
      const next = await server.next();
      expect([next.query.get('watch'), next.query.get('resourceVersion')]).toEqual(['true', '12']);
      next.lines({ type: 'MODIFIED', object: pod('a', 13) });
      await eventually(() => told.length === 3);
      expect(log.warn).not.toHaveBeenCalled();
    });

    it('leaves a watch alone that brings bookmarks', async () => {
      await listed(1_000);
      const watch = await server.next();
      for (let i = 0; i < 10; i++) {
        await heard(() => watch.lines(bookmark(20 + i)));
        await clock.advance(900);
      }
      expect([server.untaken, log.debug.mock.calls]).toEqual([0, []]);
      await clock.advance(100);
      expect((await server.next()).query.get('resourceVersion')).toBe('29');
    });

    it('counts a watch that is not answered at all as a failure: it is down since it was last heard', async () => {
      await listed(300);
      await server.next();
      await clock.advance(300);
      await eventually(() => log.warn.mock.calls.length === 1);
      expect(log.warn.mock.calls[0]?.[1]).toMatchObject({ error: 'watch pods: the API server did not respond' });
      expect(informer.staleForMs()).toBe(300);
    });

    it('lists anew after several silent watches in a row: the API server may have been set back', async () => {
      await listed(300);
      for (let i = 0; i < 4; i++) {
        const watch = await server.next();
        await heard(() => watch.lines());
        await clock.advance(300);
      }
      expect((await server.next()).query.has('watch')).toBe(false);
    });

    it('tells for how long it is down: from the start until it watches, and from when it broke', async () => {
      clock = new FakeClock();
      start({ backoff: { firstMs: 5, mostMs: 5 }, random: () => 0, clock });
      const fail = async (): Promise<void> => {
        const failures = log.warn.mock.calls.length;
        (await server.next()).json(500, status(500, 'InternalError', 'no'));
        await eventually(() => log.warn.mock.calls.length > failures);
        await clock.advance(5);
      };
      await fail();
      (await server.next()).json(200, list(10));
      const watch = await server.next();
      expect(informer.staleForMs()).toBe(5);
      watch.lines(bookmark(11));
      await eventually(() => informer.staleForMs() === 0);
      await clock.advance(7);
      watch.cut();
      await eventually(() => log.warn.mock.calls.length === 2);
      await clock.advance(5);
      for (let i = 0; i < 3; i++) await fail();
      expect(informer.staleForMs()).toBe(20);
      await fail();
      expect(informer.staleForMs()).toBe(25);
      (await server.next()).lines(bookmark(12));
      await eventually(() => informer.staleForMs() === 0);
      expect(log.warn.mock.lastCall).toEqual([
        expect.stringContaining('the cache may be out of date'),
        expect.objectContaining({ downSeconds: 0 }),
      ]);
    });
  });

  it('keeps its watch connections alive by probes, so that a half-open one breaks', async () => {
    await watching();
    await informer.whenSynced();
    const port = server.port.toString(16).toUpperCase().padStart(4, '0');
    // Of the client's ends of the connections: remote port, then which timer runs; 02 is keepalive.
    const timers = (await readFile('/proc/net/tcp', 'utf8'))
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter((fields) => fields[2]?.endsWith(`:${port}`) && fields[3] === '01')
      .map((fields) => fields[5]?.slice(0, 2));
    expect(timers.length).toBeGreaterThan(0);
    expect(timers).toContain('02');
  });

  it('waits as long as it is told to when it is throttled, in the answer', async () => {
    start();
    (await server.next()).json(200, list(10));
    (await server.next()).json(429, status(429, 'TooManyRequests', 'slow down'), { 'retry-after': '1' });
    const begun = performance.now();
    (await server.next()).lines();
    expect(performance.now() - begun).toBeGreaterThan(900);
    expect(log.warn.mock.calls[0]?.[1]).toMatchObject({ error: 'watch pods: slow down', waitMs: 1_000 });
  });

  it('waits as long as it is told to when it is throttled, in the stream', async () => {
    const watch = await watching();
    watch.lines({ type: 'ERROR', object: status(429, 'TooManyRequests', 'slow down', 1) });
    const begun = performance.now();
    (await server.next()).lines();
    expect(performance.now() - begun).toBeGreaterThan(900);
  });

  it('reads its credentials anew when the watch is refused', async () => {
    const refused = vi.spyOn(connection, 'refused');
    start();
    (await server.next()).json(200, list(10));
    (await server.next()).json(401, status(401, 'Unauthorized', 'Unauthorized'));
    (await server.next()).lines();
    expect(refused).toHaveBeenCalledTimes(1);
  });

  it.each([
    ['an ERROR without a Status', { type: 'ERROR' }],
    ['an ERROR of null', { type: 'ERROR', object: null }],
  ])('goes on after %s', async (_, event) => {
    const watch = await watching(pod('a', 1));
    watch.lines(event);
    const next = await server.next();
    next.lines({ type: 'MODIFIED', object: pod('a', 12) });
    await eventually(() => told.length === 2);
  });

  it('lists anew at once when its version is too old, in the answer', async () => {
    start();
    (await server.next()).json(200, list(10, pod('a', 1), pod('b', 2), pod('c', 3)));
    (await server.next()).json(410, status(410, 'Expired', 'too old resource version'));
    (await server.next()).json(200, list(50, pod('a', 1), pod('c', 33), pod('d', 44)));
    const watch = await server.next();
    watch.lines();
    expect(watch.query.get('resourceVersion')).toBe('50');
    expect(told).toEqual(['+a@1', '+b@2', '+c@3', '-b@2', '~c@33', '+d@44']);
    expect(log.warn).not.toHaveBeenCalled();
  });

  it('lists anew at once when its version is too old after an outage: the API server answers again', async () => {
    const clock = new FakeClock();
    start({ clock });
    (await server.next()).json(200, list(10, pod('a', 1)));
    for (let i = 0; i < 6; i++) {
      (await server.next()).json(503, status(503, 'ServiceUnavailable', 'storage is (re)initializing'));
      await eventually(() => log.warn.mock.calls.length === i + 1);
      await clock.advance(60_000);
    }
    (await server.next()).json(410, status(410, 'Expired', 'too old resource version'));
    const again = await server.next();
    expect(again.query.has('watch')).toBe(false);
    again.json(200, list(50));
    (await server.next()).lines();
    expect(told).toEqual(['+a@1', '-a@1']);
    expect(log.warn).toHaveBeenCalledTimes(6);
  });

  it('lists anew when its version is too old, in the stream', async () => {
    const watch = await watching(pod('a', 1));
    watch.lines(bookmark(20), { type: 'ERROR', object: status(410, 'Expired', 'too old resource version') });
    const again = await server.next();
    expect(again.query.has('watch')).toBe(false);
    again.json(200, list(50));
    (await server.next()).lines();
    expect(told).toEqual(['+a@1', '-a@1']);
  });

  it('waits between lists when every version is too old', async () => {
    start();
    for (let i = 0; i < 4; i++) {
      (await server.next()).json(200, list(10));
      (await server.next()).json(410, status(410, 'Expired', 'too old'));
    }
    await eventually(() => log.warn.mock.calls.length === 3);
    expect(log.warn.mock.calls.at(-1)?.[1]).toMatchObject({ failures: 4 });
  });

  it('goes on where it was after any other error in the stream', async () => {
    const watch = await watching();
    watch.lines(bookmark(20), { type: 'ERROR', object: status(500, 'InternalError', 'etcdserver: leader changed') });
    const next = await server.next();
    expect([next.query.get('watch'), next.query.get('resourceVersion')]).toEqual(['true', '20']);
    next.lines();
    expect(log.warn.mock.calls[0]?.[1]).toMatchObject({ error: 'watch pods: etcdserver: leader changed' });
  });

  it('never gives up', async () => {
    start();
    for (let i = 0; i < 12; i++) (await server.next()).json(500, status(500, 'InternalError', 'no'));
    (await server.next()).json(200, list(10, pod('a', 1)));
    await informer.whenSynced();
    (await server.next()).lines();
    expect(log.warn).toHaveBeenCalledTimes(12);
  });

  it('does not spin when watches end as soon as they begin', async () => {
    start({ backoff: { firstMs: 40, mostMs: 40 } });
    (await server.next()).json(200, list(10));
    const begun = performance.now();
    for (let i = 0; i < 5; i++) {
      const watch = await server.next();
      watch.lines();
      watch.end();
    }
    expect(performance.now() - begun).toBeGreaterThan(4 * 20);
  });

  it('tells an object that was made again from one that changed', async () => {
    const watch = await watching(pod('a', 1));
    watch.lines({ type: 'MODIFIED', object: pod('a', 12, 'a-2') });
    await eventually(() => told.length === 3);
    expect(told).toEqual(['+a@1', '-a@1', '+a@12']);
  });

  it('tells it from a list too: all that is gone first', async () => {
    const watch = await watching(pod('a', 1), pod('b', 2));
    watch.lines({ type: 'ERROR', object: status(410, 'Expired', 'too old') });
    (await server.next()).json(200, list(50, pod('a', 44, 'a-2')));
    await eventually(() => told.length === 5);
    expect(told.slice(2)).toEqual(['-a@1', '-b@2', '+a@44']);
  });

  it('keeps no managedFields, and what trim keeps where it is given', async () => {
    start({ trim: ({ metadata }) => ({ metadata: { ...metadata, labels: { trimmed: 'yes' } } }) });
    (await server.next()).json(200, list(10, { ...pod('a', 1), spec: 'large' }));
    const watch = await server.next();
    watch.lines({ type: 'ADDED', object: { ...pod('b', 11), spec: 'large' } });
    await eventually(() => told.length === 2);
    expect(informer.list().map((pod) => [pod.spec, pod.metadata?.labels])).toEqual([
      [undefined, { trimmed: 'yes' }],
      [undefined, { trimmed: 'yes' }],
    ]);
    await informer.stop();

    start();
    (await server.next()).json(
      200,
      list(10, { ...pod('a', 1), metadata: { ...pod('a', 1).metadata, managedFields: [{ manager: 'x' }] } }),
    );
    await informer.whenSynced();
    expect(informer.get('default', 'a')).toEqual({ apiVersion: 'v1', kind: 'Pod', ...pod('a', 1) });
  });

  it('logs a listener that throws, and the others miss nothing', async () => {
    informer = new Informer(new KubeClient(connection), PODS, { log });
    informer.subscribe({
      changed: () => {
        throw new Error('broken listener');
      },
      deleted: () => undefined,
    });
    informer.subscribe({ changed: (now) => told.push(`+${now.metadata?.name}`), deleted: () => undefined });
    informer.start();
    (await server.next()).json(200, list(10, pod('a', 1), pod('b', 2)));
    await informer.whenSynced();
    expect(told).toEqual(['+a', '+b']);
    expect(log.error).toHaveBeenCalledTimes(2);
  });

  it('leaves out what is no object with a name, and says so', async () => {
    const watch = await watching(
      pod('a', 1),
      { metadata: { namespace: 'default', uid: 'x', resourceVersion: '2' } },
      {},
      null as never,
      7 as never,
      { metadata: { name: 8 } } as never,
    );
    expect(names()).toEqual(['a']);
    expect(log.warn).toHaveBeenCalledTimes(5);
    watch.lines(
      { type: 'ADDED' },
      { type: 'MODIFIED', object: null },
      { type: 'DELETED', object: {} },
      { type: 'ADDED', object: pod('b', 13) },
    );
    await eventually(() => told.length === 2);
    expect(names()).toEqual(['a', 'b']);
    expect(server.untaken).toBe(0);
  });

  it("leaves out an object that can't be kept, in a list and in a watch, says so once a version, and takes it in when it is mended", async () => {
    const trim = (object: Pod): Pod => {
      if (object.spec === 'broken') throw new Error('no spec to speak of');
      return { metadata: object.metadata!, ...(object.spec === undefined ? {} : { spec: object.spec }) };
    };
    start({ trim });
    (await server.next()).json(200, list(10, { ...pod('a', 1), spec: 'broken' }, pod('b', 2), pod('c', 3)));
    await informer.whenSynced();
    expect([names(), told]).toEqual([
      ['b', 'c'],
      ['+b@2', '+c@3'],
    ]);
    const watch = await server.next();
    watch.lines(
      { type: 'MODIFIED', object: { ...pod('b', 11), spec: 'broken' } },
      { type: 'ADDED', object: pod('d', 12) },
    );
    await eventually(() => told.length === 4);
    expect(told.slice(2)).toEqual(['-b@2', '+d@12']);
    watch.lines({ type: 'ERROR', object: status(410, 'Expired', 'too old') });
    (await server.next()).json(
      200,
      list(20, { ...pod('a', 1), spec: 'broken' }, { ...pod('b', 11), spec: 'broken' }, pod('c', 3), pod('d', 12)),
    );
    const again = await server.next();
    expect(log.warn.mock.calls.map(([, fields]) => (fields as { object: string }).object)).toEqual([
      'default/a',
      'default/b',
    ]);
    again.lines(
      { type: 'MODIFIED', object: pod('a', 21) },
      { type: 'DELETED', object: { ...pod('b', 22), spec: 'broken' } },
    );
    await eventually(() => told.length === 5);
    expect([names(), told[4]]).toEqual([['c', 'd', 'a'], '+a@21']);
  });

  it('never goes back to an older list, until the API server has insisted', async () => {
    const watch = await watching(pod('a', 1));
    watch.lines(
      { type: 'MODIFIED', object: pod('a', 40) },
      { type: 'ERROR', object: status(410, 'Expired', 'too old') },
    );
    for (let i = 0; i < 3; i++) (await server.next()).json(200, list(20, pod('a', 12)));
    const fourth = await server.next();
    expect(told).toEqual(['+a@1', '~a@40']);
    fourth.json(200, list(21, pod('a', 12)));
    (await server.next()).lines();
    expect(told.slice(2)).toEqual(['~a@12']);
  });

  it('lists anew when a watch tells of a time before its beginning', async () => {
    const watch = await watching(pod('a', 1));
    watch.lines({ type: 'MODIFIED', object: pod('a', 40) }, { type: 'MODIFIED', object: pod('a', 30) });
    const again = await server.next();
    expect(again.query.has('watch')).toBe(false);
    expect(told).toEqual(['+a@1', '~a@40']);
  });

  it('observes in an answer what the watch has not brought yet, and never what is older, unknown or of another uid', async () => {
    const watch = await watching(pod('a', 1), pod('b', 2));
    await informer.whenSynced();
    informer.observe(pod('a', 15));
    expect([told.at(-1), informer.get('default', 'a')?.metadata?.resourceVersion]).toEqual(['~a@15', '15']);
    informer.observe(pod('a', 14));
    informer.observe(pod('a', 30, 'another'));
    informer.observe(pod('c', 16));
    watch.lines(
      { type: 'MODIFIED', object: pod('a', 14) },
      { type: 'MODIFIED', object: pod('a', 15) },
      { type: 'MODIFIED', object: pod('b', 17) },
      { type: 'DELETED', object: pod('a', 18) },
    );
    await eventually(() => told.at(-1) === '-a@18');
    expect(told.slice(2)).toEqual(['~a@15', '~b@17', '-a@18']);
  });

  it('reads what did not change no second time: what it observed already, and what a list brings again', async () => {
    const read: (string | undefined)[] = [];
    start({ trim: (object) => (read.push(`${object.metadata?.name}@${object.metadata?.resourceVersion}`), object) });
    (await server.next()).json(200, list(10, pod('a', 1), pod('b', 2)));
    const watch = await server.next();
    watch.lines();
    await informer.whenSynced();
    informer.observe(pod('a', 15));
    watch.lines(
      { type: 'MODIFIED', object: pod('a', 15) },
      { type: 'MODIFIED', object: pod('b', 16) },
      { type: 'ERROR', object: status(410, 'Expired', 'too old') },
    );
    (await server.next()).json(200, list(50, pod('a', 15), pod('b', 16), pod('c', 17)));
    (await server.next()).lines({ type: 'DELETED', object: pod('a', 51) });
    await eventually(() => told.at(-1) === '-a@51');
    expect(read).toEqual(['a@1', 'b@2', 'a@15', 'b@16', 'c@17', 'a@51']);
    expect(told).toEqual(['+a@1', '+b@2', '~a@15', '~b@16', '+c@17', '-a@51']);
  });

  it('ends at once when it is stopped: while it watches, waits or lists', async () => {
    await watching();
    await informer.stop();

    start({ backoff: { firstMs: 60_000, mostMs: 60_000 } });
    (await server.next()).json(403, status(403, 'Forbidden', 'no'));
    await eventually(() => log.warn.mock.calls.length === 1);
    const synced = informer.whenSynced();
    await informer.stop();
    await expect(synced).rejects.toMatchObject({ reason: 'Aborted' });

    start();
    await server.next();
    await informer.stop();
    expect(server.untaken).toBe(0);
  });

  it('stops waiting for the sync with its signal', async () => {
    start();
    await server.next();
    await expect(informer.whenSynced(AbortSignal.timeout(5))).rejects.toThrow(/timeout/i);
  });
});
