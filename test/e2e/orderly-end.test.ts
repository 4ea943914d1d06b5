// How the controller's process begins and ends, on a cluster of its own: what is in flight is finished, or left in time; the lead
// goes back; the status says how it went.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Cluster, startCluster } from '../../tools/cluster/cluster.ts';
import type { Component } from '../../tools/cluster/process/component.ts';
import { freePorts } from '../../tools/cluster/sockets/free-ports.ts';
import { until } from '../../tools/cluster/process/until.ts';
import { HANG_MS } from '../../tools/cluster/hang.ts';
import { imageManifest } from '../support/builders/manifests.ts';
import { buildBundle, install, type Installation } from '../support/path/install.ts';
import { componentArguments } from '../support/path/component-process.ts';
import { type RegistryServer, startRegistryServer } from '../support/registry-server.ts';

const NAMESPACE = 'orderly';
const LEASE = ['get', 'lease', 'kimup-controller', '-n', 'kimup-operator', '-o', 'jsonpath={.spec.holderIdentity}'];
/** What a pod is given between SIGTERM and SIGKILL. */
const POD_GRACE_MS = 30_000;
const LEFT = 'work in progress did not finish in time and is abandoned';

let cluster: Cluster;
let registry: RegistryServer;
let kimup: Installation;
let controller: Component;
let release: () => void = () => undefined;

beforeAll(async () => {
  await buildBundle();
  [cluster, registry] = await Promise.all([
    startCluster({ nodes: 'kwok', name: 'e2e', progress: console.log }),
    startRegistryServer(),
  ]);
  kimup = await install(cluster, { flags: { controller: [`--plain-http-registries=${registry.host}`] } });
  controller = kimup.process('controller');
  await cluster.apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } }]);
});
afterEach(async ({ task }) => {
  release();
  if (task.result?.state === 'fail') console.log(await kimup.log('controller', 40));
});
afterAll(() => Promise.all([cluster?.stop(), registry?.stop()]));

/** An Image whose refresh waits for the registry, which answers when {@link release} is called. */
async function refreshInFlight(name: string): Promise<void> {
  await controller.start();
  await kimup.ready('controller');
  const held = Promise.withResolvers<void>();
  release = held.resolve;
  registry.answer = async ({ path }) => {
    if (path.includes(`/${name}/`)) await held.promise;
    return { body: { name, tags: ['v1.0.0'] } };
  };
  await cluster.apply([
    imageManifest({
      name,
      namespace: NAMESPACE,
      image: `${registry.host}/${name}`,
      baseTag: 'v1.0.0',
      crontab: '0 0 0 1 1 *',
    }),
  ]);
  await until(
    () => (registry.requests.some(({ path }) => path.includes(`/${name}/`)) ? true : undefined),
    HANG_MS,
    'the registry to be asked',
    20,
  );
}

/** Waits until the present process has heard that it is to end. */
async function toldToEnd(): Promise<void> {
  await until(async () => (await said()).includes('shutting down') || undefined, HANG_MS, 'the signal to arrive', 20);
}

/** What the present process has said since it was ready. */
async function said(): Promise<string[]> {
  const lines = (await kimup.log('controller', 500))
    .split('\n')
    .flatMap((line) => /"msg":"([^"]*)"/.exec(line)?.[1] ?? []);
  return lines.slice(lines.lastIndexOf('ready') + 1);
}

describe('told to end in the middle of a refresh, the controller', () => {
  it('finishes it, gives the lead back and ends with 0', async () => {
    await refreshInFlight('finished');
    controller.kill('SIGTERM');
    await toldToEnd();
    release();
    await controller.exited();
    expect(controller.ended).toBe('status 0');
    expect(await said()).not.toContain(LEFT);
    expect(
      await cluster.kubectl(['get', 'image', 'finished', '-n', NAMESPACE, '-o', 'jsonpath={.status.result}']),
    ).toBe('Success');
    expect(await cluster.kubectl(LEASE)).toBe('');
  });

  it('leaves it where the registry does not answer, gives the lead back all the same and ends with 0', async () => {
    await refreshInFlight('left');
    controller.kill('SIGTERM');
    await controller.exited();
    // By itself: where it had to be cut short, by its own limit that is below a pod's, it would have ended with 1.
    expect(controller.ended).toBe('status 0');
    expect(await said()).toContain(LEFT);
    expect(await cluster.kubectl(LEASE)).toBe('');
  });

  it('ends at once when it is told again', async () => {
    await refreshInFlight('again');
    controller.kill('SIGTERM');
    await toldToEnd();
    controller.kill('SIGINT');
    await controller.exited();
    // Not after what is in flight was left, nor when its time was over.
    expect(controller.ended).toBe('status 1');
    expect((await said()).at(-1)).toBe('received a second signal, exiting now');
  });
});

describe('the addresses of metrics and health', () => {
  /** Another controller, with `flags` after its own. */
  async function start(name: string, ...flags: readonly string[]): Promise<Component> {
    const { args, env } = await componentArguments(cluster, 'controller');
    return cluster.spawn(name, process.execPath, [...args, ...flags], { env });
  }

  it('may be the same', async () => {
    const [port = 0] = await freePorts(1);
    const running = await start('one-address', `--metrics-port=127.0.0.1:${port}`, `--healthz-port=127.0.0.1:${port}`);
    const get = async (path: string): Promise<string> =>
      fetch(`http://127.0.0.1:${port}${path}`).then(
        (response) => response.text(),
        () => '',
      );
    await until(async () => (await get('/readyz')).startsWith('ok') || undefined, HANG_MS, 'it to be ready', 50);
    expect(await get('/metrics')).toContain('kimup_build_info');
    expect(await get('/healthz')).toBe('ok\n');
    await running.stop(POD_GRACE_MS);
    expect(running.ended).toBe('status 0');
  });

  it('that somebody has already end it with 1, and the flag is named', async () => {
    const taken = registry.host;
    const running = await start('taken-address', `--metrics-port=${taken}`);
    await running.exited();
    expect(running.ended).toBe('status 1');
    expect(running.logTail()).toContain(
      `--metrics-port: ${taken} is already in use; use another port, or stop the process that listens there`,
    );
  });
});
