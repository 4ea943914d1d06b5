import { Agent, request as httpsRequest, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { fastify, type FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeImageStore } from '../../../test/support/fakes/fake-image-store.ts';
import { FakeNamespaceStore } from '../../../test/support/fakes/fake-namespace-store.ts';
import { FakeServingCertificate } from '../../../test/support/fakes/fake-serving-certificate.ts';
import { FakeLog, FakeMetrics } from '../../../test/support/fakes/recorders.ts';
import { ImageIndex } from '../../application/images/image-index.ts';
import { RuleCache } from '../../application/images/rule-cache.ts';
import { AdmissionOptions, ReviewPod } from '../../application/admission/review-pod.ts';
import type { Certificates } from '../../application/ports/certificate-authority.ts';
import { X509CertificateAuthority } from '../certificate/x509-certificate-authority.ts';
import { WEBHOOK_FASTIFY_OPTIONS, WebhookServer } from './webhook-server.ts';

const renewed = (hosts: readonly string[]) => new X509CertificateAuthority({ hosts }).renewed(undefined, Date.now());

describe('the webhook', () => {
  let log: FakeLog;
  let images: FakeImageStore;
  let certificate: FakeServingCertificate;
  let metrics: FakeMetrics;
  let made: Certificates;
  let server: FastifyInstance;
  let webhook: WebhookServer;
  let reviewPod: ReviewPod;
  let agent: Agent;

  beforeEach(async () => {
    log = new FakeLog();
    images = new FakeImageStore();
    images.put({
      spec: { image: 'acme/whoami', baseTag: 'v1.9.0' },
      status: { tag: 'v1.10.2', image: 'acme/whoami', baseTag: 'v1.9.0' },
    });
    const namespaces = new FakeNamespaceStore();
    namespaces.put('default', { enabled: 'true' });
    certificate = new FakeServingCertificate();
    metrics = new FakeMetrics();
    reviewPod = new ReviewPod(
      images,
      new ImageIndex(images, new RuleCache()),
      namespaces,
      new AdmissionOptions('kimup-operator'),
    );
    webhook = new WebhookServer(reviewPod, certificate, metrics, log);
    made = await renewed(['localhost']);
    server = fastify(WEBHOOK_FASTIFY_OPTIONS) as unknown as FastifyInstance;
    webhook.attach(server);
    webhook.secure(server.server as unknown as Server);
    await server.listen({ port: 0, host: '127.0.0.1' });
    agent = new Agent({ keepAlive: true, maxSockets: 1 });
  });
  afterEach(async () => {
    agent.destroy();
    await server.close();
  });

  const give = (of: Certificates): void =>
    certificate.give({ certificate: of['tls.crt'], key: of['tls.key'], authority: of['ca.crt'], until: 0 });

  const review = (over: object = {}) =>
    JSON.stringify({
      apiVersion: 'admission.k8s.io/v1',
      kind: 'AdmissionReview',
      request: {
        uid: 'u1',
        operation: 'CREATE',
        namespace: 'default',
        object: { spec: { containers: [{ name: 'main', image: 'acme/whoami:v1.9.0' }] } },
        ...over,
      },
    });

  function ask(
    body: string | Buffer,
    over: {
      method?: string;
      headers?: Record<string, string>;
      ca?: string;
      agent?: Agent;
      maxVersion?: 'TLSv1.2';
    } = {},
  ): Promise<{ status: number; text: string }> {
    return new Promise((resolve, reject) => {
      const request = httpsRequest(
        {
          host: '127.0.0.1',
          servername: 'localhost',
          port: (server.server.address() as AddressInfo).port,
          path: '/mutate/image-tag',
          method: over.method ?? 'POST',
          ca: over.ca ?? made['ca.crt'],
          agent: over.agent ?? agent,
          headers: { 'content-type': 'application/json', ...over.headers },
          ...(over.maxVersion === undefined ? {} : { maxVersion: over.maxVersion }),
        },
        (response) => {
          let text = '';
          response
            .setEncoding('utf8')
            .on('data', (part: string) => {
              text += part;
            })
            .on('end', () => {
              resolve({ status: response.statusCode ?? 0, text });
            });
        },
      );
      request.on('error', reject);
      request.end(body);
    });
  }

  it('answers a review with a patch of the image', async () => {
    give(made);
    const { status, text } = await ask(review());
    expect(status).toBe(200);
    const { response } = JSON.parse(text) as { response: { uid: string; allowed: boolean; patch: string } };
    expect(response).toMatchObject({ uid: 'u1', allowed: true, patchType: 'JSONPatch' });
    expect(JSON.parse(Buffer.from(response.patch, 'base64').toString())).toEqual([
      { op: 'replace', path: '/spec/containers/0/image', value: 'acme/whoami:v1.10.2' },
    ]);
    expect(Object.fromEntries(metrics.counts)).toEqual({ mutator_request: 1, mutator_patch: 1 });
  });

  it.each<[string, string | Buffer, object, number, string]>([
    ['no JSON', '{', {}, 400, 'the body is not JSON'],
    ['nothing', '', {}, 400, 'the body is empty'],
    ['bytes that are no text', Buffer.from([0xff, 0xfe, 0]), {}, 400, 'the body is not JSON'],
    ['another kind', '{"kind":"Pod"}', {}, 400, 'kind: expected AdmissionReview, got "Pod"'],
    ['no uid', review({ uid: '' }), {}, 400, 'request.uid: expected a string'],
    ['no object', review({ object: null }), {}, 400, 'request.object: expected an object'],
    [
      'another content type',
      review(),
      { headers: { 'content-type': 'text/plain' } },
      400,
      'content-type: expected application/json',
    ],
    ['too large a body', Buffer.alloc(7 * 1024 * 1024 + 1, 0x20), {}, 413, 'larger than'],
    ['another method', '', { method: 'GET' }, 405, 'POSTed'],
    ['deep nesting', `${'['.repeat(200_000)}${']'.repeat(200_000)}`, {}, 400, 'expected an object'],
  ])('answers %s with what is wrong, and lives', async (_, body, over, status, message) => {
    give(made);
    const answer = await ask(body, over).catch((error: NodeJS.ErrnoException) => ({
      status: 413,
      text: `${error.code} larger than`,
    }));
    expect(answer).toEqual({ status, text: expect.stringContaining(message) });
    agent.destroy();
    expect((await ask(review())).status).toBe(200);
    if (status !== 405)
      expect(Object.fromEntries(metrics.counts)).toEqual({
        mutator_request: 2,
        'mutator_request failed': 1,
        mutator_patch: 1,
      });
  });

  it('answers a fault of its own with 500, logged and counted, for the failure policy to decide', async () => {
    give(made);
    reviewPod.review = () => {
      throw new TypeError('a bug');
    };
    expect(await ask(review())).toEqual({ status: 500, text: expect.not.stringContaining('a bug') });
    expect(log.texts.join()).toContain('a bug');
    expect(Object.fromEntries(metrics.counts)).toEqual({
      mutator_patch: 1,
      'mutator_patch failed': 1,
      mutator_request: 1,
      'mutator_request failed': 1,
    });
  });

  it('is not ready, and answers 503, before all Images are seen', async () => {
    expect(webhook.ready()).toBe(false);
    give(made);
    expect(webhook.ready()).toBe(true);
    images.setSynced(false);
    expect(webhook.ready()).toBe(false);
    expect(await ask(review())).toMatchObject({ status: 503 });
    images.setSynced(true);
    expect(await ask(review())).toMatchObject({ status: 200 });
  });

  it('takes no handshake before there is a certificate', async () => {
    await expect(ask(review())).rejects.toThrow();
    give(made);
    expect(await ask(review())).toMatchObject({ status: 200 });
  });

  it('takes a new certificate for new connections, keeps TLS 1.3, and answers on open ones', async () => {
    give(made);
    expect(await ask(review())).toMatchObject({ status: 200 });
    const next = await renewed(['localhost']);
    give(next);
    expect(await ask(review())).toMatchObject({ status: 200 });
    const fresh = new Agent();
    await expect(ask(review(), { agent: fresh })).rejects.toThrow(/self-signed|unable to verify|signature/);
    expect(await ask(review(), { agent: fresh, ca: next['ca.crt'] })).toMatchObject({ status: 200 });
    await expect(ask(review(), { agent: new Agent(), ca: next['ca.crt'], maxVersion: 'TLSv1.2' })).rejects.toThrow();
  });

  it('while it drains answers every review, each as the last of its connection, until nobody asks any more', async () => {
    give(made);
    const connections = new Set<unknown>();
    server.server.on('secureConnection', (socket: unknown) => connections.add(socket));
    await ask(review());
    await ask(review());
    expect(connections.size).toBe(1);
    let drained = false;
    const draining = webhook.drain({ atLeastMs: 20, quietMs: 150, atMostMs: 10_000 }).then(() => {
      drained = true;
    });
    for (let i = 0; i < 4; i++) {
      expect(await ask(review())).toMatchObject({ status: 200 });
      expect(drained).toBe(false);
    }
    // The first of them came over the connection that was open.
    expect(connections.size).toBe(4);
    await draining;
  });

  it('does not drain for ever where somebody goes on asking', async () => {
    give(made);
    let drained = false;
    const draining = webhook.drain({ atLeastMs: 10, quietMs: 60_000, atMostMs: 200 }).then(() => {
      drained = true;
    });
    while (!drained) await ask(review());
    await draining;
  });

  it('goes on with the old certificate where the new one and its key are no pair', async () => {
    give(made);
    const other = await renewed(['localhost']);
    give({ ...made, 'tls.key': other['tls.key'] });
    expect(await ask(review(), { agent: new Agent() })).toMatchObject({ status: 200 });
    expect(log.texts.join()).toContain('still serving the old one');
    expect(log.texts.join()).not.toContain('PRIVATE');
  });
});
