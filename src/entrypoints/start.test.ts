import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { eventually } from '../../test/support/eventually.ts';
import { ProbeServers } from '../adapters/http/probe-servers.ts';
import { WEBHOOK_FASTIFY_OPTIONS, WEBHOOK_PATH } from '../adapters/http/webhook-server.ts';
import { Informers } from '../adapters/kubernetes/client/informers.ts';
import { KubeConnection } from '../adapters/kubernetes/client/kube-connection.ts';
import { KubernetesEventRecorder } from '../adapters/kubernetes/events/kubernetes-event-recorder.ts';
import { DistributionTagRegistry } from '../adapters/registry/distribution-tag-registry.ts';
import { PolledServingCertificate } from '../application/admission/polled-serving-certificate.ts';
import { Readiness } from '../application/health/readiness.ts';
import { EventRecorder } from '../application/ports/event-recorder.ts';
import { ControllerModule } from '../modules/controller.module.ts';
import { OperatorModule } from '../modules/operator.module.ts';
import { ControllerSettings, OperatorSettings, Settings } from '../modules/settings.ts';
import { create } from './start.ts';

const ANY_PORT = { host: '127.0.0.1', port: 0 };
const DEMOS = { apiVersion: 'v1', kind: 'Image', namespace: 'default', name: 'demos', uid: 'u' };

let folder: string;
let apiServer: Server;
let kubeconfig: string;
/** What happened, in its order. */
let steps: string[];

beforeEach(async () => {
  steps = [];
  folder = mkdtempSync(join(tmpdir(), 'kimup-shutdown-'));
  apiServer = createServer(answer).listen(0, '127.0.0.1');
  await once(apiServer, 'listening');
  kubeconfig = join(folder, 'kubeconfig');
  const to = `http://127.0.0.1:${(apiServer.address() as AddressInfo).port}`;
  writeFileSync(
    kubeconfig,
    JSON.stringify({
      clusters: [{ name: 'test', cluster: { server: to } }],
      users: [{ name: 'test', user: {} }],
      contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
      'current-context': 'test',
    }),
  );
});

afterEach(async () => {
  vi.restoreAllMocks();
  apiServer.closeAllConnections();
  apiServer.close();
  rmSync(folder, { recursive: true });
});

/** An API server that has nothing: its watches say nothing, and it takes its time for events. */
function answer(request: IncomingMessage, response: ServerResponse): void {
  const { pathname, searchParams } = new URL(request.url ?? '', 'http://localhost');
  if (searchParams.has('watch')) {
    response.writeHead(200).flushHeaders();
    return;
  }
  if (request.method === 'POST' && pathname.endsWith('/events')) {
    setTimeout(() => {
      steps.push('the event is there');
      response.writeHead(201).end('{}');
    }, 50);
    return;
  }
  const isList = !pathname.includes('/secrets/');
  response.writeHead(isList ? 200 : 404).end(isList ? '{"metadata":{"resourceVersion":"1"},"items":[]}' : '{}');
}

/** Notes when `method` of `what` begins and ends. */
function note(name: string, what: object, method: 'stop' | 'close'): void {
  const owner = what as Record<typeof method, () => unknown>;
  const original = owner[method];
  vi.spyOn(owner, method).mockImplementation(async function (this: object) {
    steps.push(`${name}: begins to ${method}`);
    await original.call(this);
    steps.push(`${name}: ends`);
  });
}

function noteAll(): void {
  note('informers', Informers.prototype, 'stop');
  note('certificate', PolledServingCertificate.prototype, 'stop');
  note('events', KubernetesEventRecorder.prototype, 'stop');
  note('connection', KubeConnection.prototype, 'close');
  note('registries', DistributionTagRegistry.prototype, 'close');
  note('probes', ProbeServers.prototype, 'close');
}

function settingsOf(component: Settings['component']): Settings {
  return new Settings({
    component,
    kubeconfig,
    version: '0.0.0',
    namespace: 'kimup-operator',
    identity: 'test',
    logLevel: 'fatal',
    leaderElect: true,
    lease: 'test',
    metrics: { enabled: true, path: '/metrics', ...ANY_PORT },
    healthz: { enabled: true, path: '/healthz', ...ANY_PORT },
  });
}

/** A component as its entrypoint makes it. */
const COMPONENTS = {
  'kimup-operator': () => {
    const settings = settingsOf('kimup-operator');
    const operator = new OperatorSettings({
      webhook: ANY_PORT,
      certificateFolder: join(folder, 'none'),
      service: 'kimup',
      url: '',
      concurrentRollouts: 1,
      rolloutDeadlineMs: 1_000,
    });
    return create(OperatorModule.with(settings, operator), settings, new FastifyAdapter(WEBHOOK_FASTIFY_OPTIONS));
  },
  'kimup-controller': () => {
    const settings = settingsOf('kimup-controller');
    return create(ControllerModule.with(settings, new ControllerSettings(1, [])), settings);
  },
} as const;

function at(step: string): number {
  expect(steps).toContain(step);
  return steps.indexOf(step);
}

it.each([
  ['kimup-operator', ['informers', 'certificate', 'events', 'connection', 'probes']],
  ['kimup-controller', ['informers', 'events', 'connection', 'registries', 'probes']],
] as const)(
  '%s closes all that it opened: what brings news, then events are written, then connections',
  async (component, all) => {
    const opened = (): number => process.getActiveResourcesInfo().filter((name) => name.startsWith('TCP')).length;
    const before = opened();
    const app = await COMPONENTS[component]();
    await app.listen(ANY_PORT);
    await app.get(Informers).whenSynced();
    expect(opened()).toBeGreaterThan(before);
    noteAll();
    app.get<EventRecorder>(EventRecorder).record(DEMOS, 'Normal', 'Last', 'the last word of the work');
    await app.close();

    expect(new Set(steps.filter((step) => step.endsWith(': ends')))).toEqual(
      new Set(all.map((name) => `${name}: ends`)),
    );
    expect(at('informers: ends')).toBeLessThan(at('events: begins to stop'));
    expect(at('the event is there')).toBeLessThan(at('events: ends'));
    expect(at('events: ends')).toBeLessThan(at('connection: begins to close'));
    expect(at('events: ends')).toBeLessThan(at('probes: begins to close'));
    apiServer.closeAllConnections();
    await eventually(() => opened() <= before);
  },
);

it('kimup-operator has the webhook on its own server, and is not ready without a certificate', async () => {
  const app = await COMPONENTS['kimup-operator']();
  await app.init();
  try {
    const status = async (url: string): Promise<number> => (await app.inject({ method: 'GET', url })).statusCode;
    expect([await status(WEBHOOK_PATH), await status('/elsewhere')]).toEqual([405, 404]);
    await app.get(Informers).whenSynced();
    expect(app.get(Readiness).problem()).toMatch(/^the Secret kimup-operator\/kimup-webhook-cert.* does not exist/);
    app.get(Readiness).end();
    expect(app.get(Readiness).problem()).toBe('it is shutting down');
  } finally {
    await app.close();
  }
});

it('kimup-controller can serve HTTP too', async () => {
  const app = await COMPONENTS['kimup-controller']();
  await app.init();
  try {
    expect((await app.inject({ method: 'GET', url: '/' })).statusCode).toBe(404);
  } finally {
    await app.close();
  }
});
