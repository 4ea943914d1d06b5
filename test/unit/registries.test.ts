// What an Image comes to by registries that behave in their own ways, over real HTTP: by the controller's refresh, and by kimup plan.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DistributionTagRegistry } from '../../src/adapters/registry/distribution-tag-registry.ts';
import type { PlanEntry } from '../../src/application/plan/plan-images.ts';
import { RefreshImage, RefreshPostponed } from '../../src/application/refresh/refresh-image.ts';
import type { ImageSpec } from '../../src/domain/image/image-spec.ts';
import type { ImageStatus } from '../../src/domain/image/image-status.ts';
import { plan } from '../../src/entrypoints/cli/plan/plan.ts';
import { imageManifest } from '../support/builders/manifests.ts';
import { FakeClock } from '../support/fakes/fake-clock.ts';
import { FakeImageStore } from '../support/fakes/fake-image-store.ts';
import { FakeEventRecorder, FakeMetrics } from '../support/fakes/recorders.ts';
import { startRefreshing } from '../support/fakes/refreshing.ts';
import { type HttpProxy, startHttpProxy } from '../support/http-proxy.ts';
import { type RegistryServer, startRegistryServer } from '../support/registry-server.ts';
import {
  digestOf,
  manyTags,
  relativeLink,
  scripted,
  type ScriptedRepository,
  TOO_MANY_TAGS,
} from '../support/scripted-registry.ts';

const KEY = 'default/demos';
const PATCH = { name: 'patch', type: 'semver-patch', actions: [{ type: 'apply' }] } as const;

let folder: string;
let server: RegistryServer;
let clock: FakeClock;
let images: FakeImageStore;
let events: FakeEventRecorder;
let registry: DistributionTagRegistry;
let refreshImage: RefreshImage;

beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'kimup-registries-'))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeEach(async () => {
  server = await startRegistryServer();
  start({});
});
afterEach(async () => {
  await registry.close();
  await server.stop();
});

/** A controller whose process has this environment. */
function start(env: Readonly<Record<string, string>>): void {
  clock = new FakeClock();
  images = new FakeImageStore();
  events = new FakeEventRecorder();
  registry = new DistributionTagRegistry(new FakeMetrics(), {
    insecureRegistries: ['127.0.0.1', 'registry.test'],
    env,
  });
  refreshImage = startRefreshing({ images, registry, clock, events });
}

function serve(app: ScriptedRepository): void {
  server.answer = scripted({ 'team/app': app });
}

function put(spec: Partial<ImageSpec> = {}): void {
  images.put({
    spec: {
      image: `${server.host}/team/app`,
      baseTag: 'v1.0.0',
      triggers: [{ type: 'crontab', value: 'every 15 s' }],
      rules: [PATCH],
      ...spec,
    },
  });
}

async function refreshed(): Promise<ImageStatus> {
  await clock.advance(15_000);
  await refreshImage.reconcile(KEY, { queuedAt: clock.now() }).catch((error: unknown) => {
    if (!(error instanceof RefreshPostponed)) throw error;
  });
  return images.get({ namespace: 'default', name: 'demos' })!.status;
}

/** What kimup plan says of the Image as it is now, as JSON and as a table. */
async function planned(
  env: Readonly<Record<string, string>> = {},
): Promise<{ readonly entry: PlanEntry; readonly text: string }> {
  const { spec, status } = images.get({ namespace: 'default', name: 'demos' })!;
  const manifest = JSON.stringify(
    imageManifest({
      namespace: 'default',
      image: spec.image,
      baseTag: spec.baseTag,
      spec: { ...spec, imagePullSecrets: [], triggers: [{ type: 'webhook' }] },
      status,
    }),
  );
  const run = (output: string) =>
    plan(['-f', '-', '-o', output, '--plain-http-registries', `${server.host},registry.test`], {
      env: { DOCKER_CONFIG: folder, ...env },
      isTerminal: false,
      now: clock.now(),
      readStdin: async () => manifest,
    });
  const [json, table] = [await run('json'), await run('table')];
  return { entry: (JSON.parse(json.stdout) as PlanEntry[])[0]!, text: `${table.stdout}${table.stderr}` };
}

const asked = (): string[] =>
  server.requests.splice(0).map(({ method, path }) => `${method} ${path.replace('/v2/team/app', '')}`);
const conditionOf = ({ conditions }: ImageStatus, wanted: string) => conditions.find(({ type }) => type === wanted);

describe('the newest of 2,500 tags is found', () => {
  // Sorted as text: v1.0.2499 is on the second of three pages.
  const tags = manyTags(2_500);
  it.each<[string, ScriptedRepository]>([
    ['without links', { tags }],
    ['with links', { tags, link: relativeLink }],
    [
      'with links that leave out the port',
      {
        tags,
        link: (repository, last, n) => `<http://127.0.0.1/v2/${repository}/tags/list?last=${last}&n=${n}>; rel="next"`,
      },
    ],
    [
      "with links to a path that is not the list's",
      { tags, link: (_, last, n) => `</v2/other/tags/list?last=${last}&n=${n}>; rel="next"` },
    ],
    ['in pages of a hundred', { tags, refuses: (n) => (n > 100 ? TOO_MANY_TAGS : undefined) }],
    ['without pages', { tags, refuses: () => TOO_MANY_TAGS }],
    ['among what is none', { tags: [null, '', ...tags, null] }],
  ])('%s', async (_, app) => {
    serve(app);
    put();
    expect((await planned()).entry.move).toEqual({ rule: 'patch', tag: 'v1.0.2499', action: 'apply' });
    expect(await refreshed()).toMatchObject({
      result: 'Scheduled',
      update: { tag: 'v1.0.2499', digest: digestOf('team/app', 'v1.0.2499') },
    });
  });

  it('or none is taken, where the registry gives the same again and again', async () => {
    serve({ tags, ignores: ['last'] });
    put();
    const { entry } = await planned();
    expect(entry).toMatchObject({ move: null, error: expect.stringContaining('sends the same tags again') as string });
    const status = await refreshed();
    expect(status).toMatchObject({ tag: 'v1.0.0', result: 'TagsError' });
    expect(status.update).toBeUndefined();
  });
});

describe('a tag that is listed, and whose manifest is 404,', () => {
  const tags = ['v1.0.0', 'v1.0.1', 'v1.0.2', 'v1.0.3'];
  const REASON = "v1.0.3 is listed but can't be pulled: the registry does not have it";

  it('is passed over: the next best is taken', async () => {
    serve({ tags, lost: ['v1.0.3'] });
    put();
    const { entry } = await planned();
    expect(entry).toMatchObject({
      move: { tag: 'v1.0.2' },
      rules: [{ tag: 'v1.0.2', reason: expect.stringContaining(REASON) as string }],
    });
    server.requests.length = 0;
    expect(await refreshed()).toMatchObject({
      result: 'Scheduled',
      update: { tag: 'v1.0.2', digest: digestOf('team/app', 'v1.0.2') },
      candidates: [{ tag: 'v1.0.3', reason: "is listed but can't be pulled: the registry does not have it" }],
    });
    expect(asked()).toEqual(['GET /tags/list?n=1000', 'HEAD /manifests/v1.0.3', 'HEAD /manifests/v1.0.2']);
    expect(events.events).toEqual([expect.stringContaining(REASON)]);
  });

  it('is a reason to stay where there is no other', async () => {
    serve({ tags, lost: tags.slice(1) });
    put();
    expect((await planned()).entry).toMatchObject({
      move: null,
      rules: [
        { tag: null, reason: expect.stringContaining(`${REASON}; 2 more do not meet the requirements`) as string },
      ],
    });
    const status = await refreshed();
    expect(status).toMatchObject({ tag: 'v1.0.0', result: 'Success' });
    expect(conditionOf(status, 'Ready')).toMatchObject({
      status: 'True',
      message: expect.stringContaining(REASON) as string,
    });
  });

  it('costs no request more where the best is there, and none where nothing is newer', async () => {
    serve({ tags });
    put();
    const best = ['GET /tags/list?n=1000', 'HEAD /manifests/v1.0.3'];
    await planned();
    expect(asked()).toEqual([...best, ...best]);
    await refreshed();
    expect(asked()).toEqual(best);
    images.delete({ namespace: 'default', name: 'demos' });
    put({ baseTag: 'v1.0.3' });
    await refreshed();
    expect(asked()).toEqual(['GET /tags/list?n=1000']);
  });

  it('is only told of by a rule that does not move', async () => {
    serve({ tags, lost: ['v1.0.3'] });
    put({
      rules: [
        {
          name: 'tell',
          type: 'semver-patch',
          actions: [{ type: 'alert-discord', data: { valueFrom: { alertConfigRef: { name: 'team' } } } }],
        },
      ],
    });
    expect((await planned()).entry).toMatchObject({ move: null, rules: [{ tag: 'v1.0.3' }] });
    await refreshed();
    expect(asked().filter((request) => request.startsWith('HEAD'))).toEqual([]);
  });

  it('as spec.baseTag says that there is no such tag', async () => {
    serve({ tags, lost: ['v1.0.3'] });
    put();
    await refreshed();
    put({ baseTag: 'v1.0.3' });
    const status = await refreshed();
    expect(conditionOf(status, 'Ready')?.message).toContain(
      'answered 404 to the request for the manifest of team/app:v1.0.3: the tag does not exist, or its manifest was deleted',
    );
  });
});

describe('the tag that an Image is on', () => {
  const gone = (tag: string, others = ''): string =>
    `the registry does not list ${tag}, the current tag of the Image${others}: running pods keep running, but nodes that have not pulled the tag can't pull it; push the tag again, or set spec.baseTag to a tag that exists`;

  it.each<[string, readonly string[], string]>([
    ['alone is gone', ['v0.9.0'], ''],
    ['is gone as all are', [], ' (it lists no tags at all)'],
  ])('%s: a condition and one event say so, the result is what it was', async (_, left, others) => {
    serve({ tags: ['v1.0.0'] });
    put();
    expect(conditionOf(await refreshed(), 'TagGone')).toBeUndefined();
    serve({ tags: left });
    expect((await planned()).text).toContain(`stays on v1.0.0: ${gone('v1.0.0', others)}`);
    const status = await refreshed();
    expect(status).toMatchObject({ tag: 'v1.0.0', result: 'Success' });
    expect(conditionOf(status, 'Ready')).toMatchObject({ status: 'True', reason: 'UpToDate' });
    expect(conditionOf(status, 'TagGone')).toMatchObject({
      status: 'True',
      reason: 'TagNotListed',
      message: gone('v1.0.0', others),
    });
    expect(conditionOf(await refreshed(), 'TagGone')).toEqual(conditionOf(status, 'TagGone'));
    expect(events.events).toEqual([`Warning TagGone: ${gone('v1.0.0', others)}`]);
    serve({ tags: ['v1.0.0'] });
    expect(conditionOf(await refreshed(), 'TagGone')).toBeUndefined();
  });

  it('is gone as long as nobody knows better', async () => {
    serve({ tags: ['v0.9.0'] });
    put();
    await refreshed();
    server.answer = () => ({ status: 500 });
    const status = await refreshed();
    expect(status.result).toBe('RegistryError');
    expect(conditionOf(status, 'TagGone')?.message).toBe(gone('v1.0.0'));
    serve({ tags: ['v0.9.0'] });
    await refreshed();
    expect(events.events.filter((event) => event.startsWith('Warning TagGone'))).toHaveLength(1);
  });

  it('is not gone where only spec.tags hides it', async () => {
    serve({ tags: ['v1.0.0', 'v2.0.0'] });
    put({ tags: { exclude: '^v1' } });
    expect(conditionOf(await refreshed(), 'TagGone')).toBeUndefined();
  });

  it('is another one after a move, and after spec.image changed', async () => {
    serve({ tags: ['v1.0.1'] });
    put();
    const moving = await refreshed();
    expect(conditionOf(moving, 'TagGone')?.message).toBe(gone('v1.0.0'));
    const { tag, digest, since } = moving.update!;
    await images.writeOperatorStatus(images.get({ namespace: 'default', name: 'demos' })!, {
      rollout: { tag, digest: digest!, since, phase: 'Healthy', workloads: [] },
      conditions: [],
    });
    server.answer = () => ({ status: 500 });
    const moved = await refreshed();
    expect(moved.tag).toBe('v1.0.1');
    expect(conditionOf(moved, 'TagGone')).toBeUndefined();
  });

  it("leaves the operator's conditions alone", async () => {
    serve({ tags: [] });
    put();
    await refreshed();
    const now = new Date(clock.now()).toISOString();
    await images.writeOperatorStatus(images.get({ namespace: 'default', name: 'demos' })!, {
      conditions: [
        { type: 'Ambiguous', status: 'True', reason: 'SeveralImages', message: 'x', lastTransitionTime: now },
      ],
    });
    const types = ({ conditions }: ImageStatus) => conditions.map(({ type }) => type).sort();
    expect(types(await refreshed())).toEqual(['Ambiguous', 'Ready', 'Reconciling', 'Stalled', 'TagGone']);
    serve({ tags: ['v1.0.0'] });
    expect(types(await refreshed())).toEqual(['Ambiguous', 'Ready', 'Reconciling', 'Stalled']);
  });
});

describe('behind a proxy', () => {
  let proxy: HttpProxy;
  beforeEach(
    async () =>
      void (proxy = await startHttpProxy({ ports: new Map([['registry.test', Number(server.host.split(':')[1])]]) })),
  );
  afterEach(() => proxy.stop());

  it('the registry is asked through it, by the controller and by kimup plan', async () => {
    start({ HTTP_PROXY: proxy.url });
    serve({ tags: ['v1.0.0', 'v1.0.1'] });
    put({ image: 'registry.test/team/app' });
    expect((await planned({ HTTP_PROXY: proxy.url })).entry.move?.tag).toBe('v1.0.1');
    expect((await refreshed()).update?.tag).toBe('v1.0.1');
    expect(new Set(proxy.requests)).toEqual(
      new Set([
        'GET http://registry.test/v2/team/app/tags/list?n=1000',
        'HEAD http://registry.test/v2/team/app/manifests/v1.0.1',
      ]),
    );
  });

  it('that is not there the error names it', async () => {
    start({ HTTPS_PROXY: 'http://127.0.0.1:1' });
    put({ image: 'secure.test/team/app' });
    const status = await refreshed();
    expect(conditionOf(status, 'Ready')?.message).toContain(
      'the connection to the proxy http://127.0.0.1:1 (from HTTPS_PROXY) failed (ECONNREFUSED)',
    );
    expect((await planned({ https_proxy: 'http://127.0.0.1:1' })).text).toContain(
      'the proxy http://127.0.0.1:1 (from https_proxy)',
    );
  });
});

describe('who is not let in', () => {
  beforeEach(() => {
    server.answer = ({ method }) =>
      method === 'HEAD' ? { status: 404 } : { status: 401, headers: { 'www-authenticate': 'Basic realm="x"' } };
    put();
  });

  it('is sent to spec.imagePullSecrets by the controller', async () => {
    expect(conditionOf(await refreshed(), 'Ready')?.message).toBe(
      `registry ${server.host} answered 401 to the request for the tag list of team/app: add a pull secret for this registry to spec.imagePullSecrets, or check that those listed have credentials for it`,
    );
  });

  it('is sent to the docker config by kimup plan', async () => {
    const file = join(folder, 'config.json');
    expect((await planned()).text).toContain(
      `answered 401 to the request for the tag list of team/app: ${file} has no credentials for this registry; log in: docker login ${server.host}`,
    );
    writeFileSync(
      file,
      JSON.stringify({ auths: { [server.host]: { auth: Buffer.from('me:hunter2').toString('base64') } } }),
    );
    const { text } = await planned();
    rmSync(file);
    expect(text).toContain(`the credentials in ${file} were rejected`);
    expect(text).not.toMatch(/imagePullSecrets|hunter2/);
  });
});
