import { createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ScriptedApiServer, status, type ScriptedRequest } from '../../../../test/support/fakes/scripted-api-server.ts';
import { KubeClient } from './kube-client.ts';
import { KubeConnection } from './kube-connection.ts';
import { KubeError } from './kube-error.ts';
import { IMAGES, PODS, type KubeObject } from './resource.ts';

const AT = { namespace: 'default', name: 'demos' };

describe('KubeClient', () => {
  let server: ScriptedApiServer;
  let connection: KubeConnection;
  let client: KubeClient;

  beforeEach(async () => {
    server = await ScriptedApiServer.start();
    connection = KubeConnection.to(server.url, 'kimup-controller/1.2.3');
    client = new KubeClient(connection);
  });
  afterEach(async () => {
    await connection.close();
    await server.stop();
  });

  it('says who it is', async () => {
    const got = client.get(IMAGES, AT);
    const request = await server.next();
    request.json(200, {});
    await got;
    expect(request.headers['user-agent']).toBe('kimup-controller/1.2.3');
  });

  it('keeps its connections: twenty requests, one after the other, need no more than two', async () => {
    const ports = new Set<number | undefined>();
    for (let i = 0; i < 20; i++) {
      const got = client.get(IMAGES, AT);
      const request = await server.next();
      ports.add(request.response.socket?.remotePort);
      request.json(200, {});
      await got;
    }
    expect(ports.size).toBeLessThanOrEqual(2);
  });

  it('reads all pages of a list', async () => {
    const listed = client.list<KubeObject>(PODS, { namespace: 'default', labelSelector: 'app in (a,b)' });
    const first = await server.next();
    expect(Object.fromEntries(first.query)).toEqual({ limit: '500', labelSelector: 'app in (a,b)' });
    first.json(200, { metadata: { continue: 'c/1', resourceVersion: '7' }, items: [{ metadata: { name: 'a' } }] });
    const second = await server.next();
    expect(second.query.get('continue')).toBe('c/1');
    second.json(200, { metadata: { resourceVersion: '7' }, items: [{ metadata: { name: 'b' } }] });
    expect((await listed).map((pod) => pod.metadata?.name)).toEqual(['a', 'b']);
  });

  it('begins a list anew, once, when its continuation has expired', async () => {
    const listed = client.listAll<KubeObject>(PODS);
    (await server.next()).json(200, {
      metadata: { continue: 'c', resourceVersion: '7' },
      items: [{ metadata: { name: 'a' } }],
    });
    (await server.next()).json(410, status(410, 'Expired', 'too old'));
    const again = await server.next();
    expect(again.query.has('continue')).toBe(false);
    again.json(200, { metadata: { resourceVersion: '9' }, items: [{ metadata: { name: 'a' } }] });
    expect(await listed).toEqual({ items: [{ metadata: { name: 'a' } }], resourceVersion: '9' });

    const twice = client.list(PODS);
    for (let i = 0; i < 2; i++) (await server.next()).json(410, status(410, 'Expired', 'too old'));
    await expect(twice).rejects.toMatchObject({ status: 410, reason: 'Expired' });
  });

  it('refuses a list that is none', async () => {
    const listed = client.list(PODS);
    (await server.next()).json(200, { metadata: {} });
    await expect(listed).rejects.toThrow(/list pods: the response is not a list/);
  });

  it('applies as one field manager, by force', async () => {
    const applied = client.apply(
      IMAGES,
      { ...AT, subresource: 'status' },
      { metadata: { uid: 'u-1' }, status: { tag: 'v1' } },
      'kimup-controller',
    );
    const request = await server.next();
    request.json(200, {});
    await applied;
    expect([request.method, request.path, Object.fromEntries(request.query), request.headers['content-type']]).toEqual([
      'PATCH',
      '/apis/kimup.cloudavenue.io/v1alpha1/namespaces/default/images/demos/status',
      { fieldManager: 'kimup-controller', force: 'true' },
      'application/apply-patch+yaml',
    ]);
    expect(JSON.parse(request.body)).toEqual({
      apiVersion: 'kimup.cloudavenue.io/v1alpha1',
      kind: 'Image',
      metadata: { namespace: 'default', name: 'demos', uid: 'u-1' },
      status: { tag: 'v1' },
    });
  });

  it('fails with what the API server says: status, reason, message', async () => {
    const got = client.get(IMAGES, AT);
    (await server.next()).json(404, status(404, 'NotFound', 'images "demos" not found'));
    const error = await got.catch((error: unknown) => error);
    expect(error).toBeInstanceOf(KubeError);
    expect(error).toMatchObject({
      status: 404,
      reason: 'NotFound',
      message: 'get Image default/demos: images "demos" not found',
    });
  });

  it("fails with the HTTP status when the answer is a proxy's page", async () => {
    const got = client.get(IMAGES, AT);
    (await server.next()).response.writeHead(502).end('<html>');
    await expect(got).rejects.toMatchObject({
      status: 502,
      message: 'get Image default/demos: the API server answered 502',
    });
  });

  it.each(['not JSON', ''])('fails with a KubeError for a body of %j', async (body) => {
    const created = client.create(IMAGES, { namespace: 'default' }, { metadata: { name: 'demos' } });
    (await server.next()).response.writeHead(200).end(body);
    await expect(created).rejects.toMatchObject({
      status: 0,
      message: 'create Image default/demos: the response is not JSON',
    });
  });

  it('tries again after 429 as it is asked to, also what creates: nothing was done', async () => {
    const created = client.create(IMAGES, { namespace: 'default' }, {});
    (await server.next()).json(429, status(429, 'TooManyRequests', 'slow down'), { 'retry-after': '1' });
    const begun = performance.now();
    (await server.next()).json(201, { metadata: { name: 'demos' } });
    expect(performance.now() - begun).toBeGreaterThan(900);
    expect(await created).toEqual({ metadata: { name: 'demos' } });
  });

  it('asks before it sends, and before it sends again, whether that is still wanted', async () => {
    let wanted = true;
    const applied = client.apply(IMAGES, AT, {}, 'test', () => wanted);
    const request = await server.next();
    wanted = false;
    request.cut();
    await expect(applied).rejects.toMatchObject({ status: 0, reason: 'Aborted' });
    await expect(client.mergePatch(IMAGES, AT, {}, 'test', () => wanted)).rejects.toMatchObject({ reason: 'Aborted' });
    await expect(client.delete(IMAGES, AT, {}, () => wanted)).rejects.toMatchObject({ reason: 'Aborted' });
    expect(server.log).toHaveLength(1);
  });

  it('leaves a long wait to the caller', async () => {
    const got = client.get(IMAGES, AT);
    (await server.next()).json(429, status(429, 'TooManyRequests', 'slow down', 60));
    await expect(got).rejects.toMatchObject({ status: 429, retryAfterMs: 60_000 });
  });

  it('gives up after the third try', async () => {
    const got = client.get(IMAGES, AT);
    for (let i = 0; i < 3; i++) (await server.next()).json(503, status(503, 'ServiceUnavailable', 'not yet'));
    await expect(got).rejects.toMatchObject({ status: 503 });
    expect(server.log).toHaveLength(3);
  });

  it('tries again when the connection broke, where doing it twice is safe', async () => {
    const got = client.get(IMAGES, AT);
    (await server.next()).cut();
    (await server.next()).json(200, { ok: true });
    expect(await got).toEqual({ ok: true });
  });

  it('does not create twice when the connection broke after the request was sent', async () => {
    const created = client.create(IMAGES, { namespace: 'default' }, {});
    (await server.next()).cut();
    await expect(created).rejects.toMatchObject({ status: 0, reason: 'NoAnswer' });
    expect(server.log).toHaveLength(1);
  });

  it('tries everything again when nobody listens', async () => {
    const port = await freePort();
    const client = new KubeClient(KubeConnection.to(`http://127.0.0.1:${port}`, 'test'));
    const created = client.create(IMAGES, { namespace: 'default' }, {});
    const late = await ScriptedApiServer.start(port);
    (await late.next()).json(201, { ok: true });
    expect(await created).toEqual({ ok: true });
    await late.stop();
  });

  it('says that nobody listens', async () => {
    const port = await freePort();
    const client = new KubeClient(KubeConnection.to(`http://127.0.0.1:${port}`, 'test'));
    await expect(client.get(IMAGES, AT)).rejects.toThrow(/^get Image default\/demos: connect ECONNREFUSED/);
  });

  it('asks for its credentials again after 401, once', async () => {
    const got = client.get(IMAGES, AT);
    for (let i = 0; i < 2; i++) (await server.next()).json(401, status(401, 'Unauthorized', 'Unauthorized'));
    await expect(got).rejects.toMatchObject({ status: 401 });
    expect(server.log).toHaveLength(2);
  });

  it.each([
    ['before its answer begins', () => undefined],
    ['inside its answer', (request: ScriptedRequest) => void request.response.writeHead(200).write('{"items":[')],
  ])('gives up a list that hangs %s, after 15 s', async (_, answer) => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const listed = client.list(PODS).catch((error: unknown) => error);
      answer(await server.next());
      await vi.advanceTimersByTimeAsync(14_900);
      expect(server.log).toHaveLength(1);
      await vi.advanceTimersByTimeAsync(200);
      expect(await listed).toMatchObject({ status: 0, reason: 'Timeout', message: 'list pods: no answer within 15 s' });
      expect(server.log).toHaveLength(1);
    } finally {
      vi.useRealTimers();
    }
  });

  it('knows for how long it has had no answer: not where it gave up by itself', async () => {
    const aborting = new AbortController();
    const aborted = client.get(IMAGES, AT, aborting.signal);
    await server.next();
    aborting.abort();
    await expect(aborted).rejects.toMatchObject({ reason: 'Aborted' });
    expect(client.unansweredForMs()).toBe(0);
    const limit = new AbortController();
    const late = client.get(IMAGES, AT, limit.signal);
    await server.next();
    limit.abort(new DOMException('too late', 'TimeoutError'));
    await expect(late).rejects.toMatchObject({ reason: 'Timeout' });
    expect(client.unansweredForMs()).toBeGreaterThan(0);
    const answered = client.get(IMAGES, AT);
    (await server.next()).json(404, status(404, 'NotFound', 'no'));
    await expect(answered).rejects.toMatchObject({ status: 404 });
    expect(client.unansweredForMs()).toBe(0);
  });

  it('ends with its signal', async () => {
    const stop = new AbortController();
    const got = client.get(IMAGES, AT, stop.signal);
    await server.next();
    stop.abort();
    await expect(got).rejects.toMatchObject({ status: 0, reason: 'Aborted' });
    expect(server.log).toHaveLength(1);
  });

  it('deletes only the object that is meant', async () => {
    const deleted = client.delete(PODS, AT, { uid: 'u-1' });
    const request = await server.next();
    request.json(200, {});
    await deleted;
    expect(JSON.parse(request.body)).toMatchObject({ kind: 'DeleteOptions', preconditions: { uid: 'u-1' } });
  });

  it('never asks for a path made of text that is no name', async () => {
    await expect(async () => client.get(PODS, { namespace: 'default', name: '../secrets/a' })).rejects.toThrow(
      TypeError,
    );
    expect(server.log).toEqual([]);
  });
});

async function freePort(): Promise<number> {
  const server = createServer();
  const port = await new Promise<number>((resolve) =>
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port)),
  );
  await new Promise((resolve) => server.close(resolve));
  return port;
}
