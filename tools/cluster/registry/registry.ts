// A registry of the run: distribution's, with its storage in a folder.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HANG_MS } from '../hang.ts';
import { buildImage, buildSignature, type ImageSpec } from '../images/image.ts';
import { ensureParts, type Progress } from '../parts/parts.ts';
import type { Component } from '../process/component.ts';
import { createSandbox, type Sandbox } from '../process/sandbox.ts';
import { until } from '../process/until.ts';
import { freePorts } from '../sockets/free-ports.ts';
import { type RegistryRequest, type RequestFilter, requestsIn } from './access-log.ts';
import { writeConfiguration } from './configuration.ts';
import type { RegistryAuth } from './credentials.ts';
import { RegistryClient } from './registry-client.ts';

export interface RegistryOptions {
  /** HTTPS with a certificate of an authority of its own (`ca`). */
  readonly tls?: boolean;
  /** How it asks for `testCredentials`; it asks for nothing if not given. */
  readonly auth?: RegistryAuth;
  /** The most tags that one page of a tag list holds. */
  readonly maxTags?: number;
  readonly progress?: Progress;
}

/** A running registry. */
export interface TestRegistry {
  /** HOST:PORT as image references name it. */
  readonly host: string;
  /** http://… or https://… as this process reaches it. */
  readonly url: string;
  /** PEM of the authority that signed its certificate; undefined for plain HTTP. */
  readonly ca: string | undefined;
  /** The process, to stop, freeze or start again. */
  readonly component: Component;
  /** Pushes an image; blobs that are there already are not sent again. Returns its digest. */
  push(repository: string, tag: string, image: ImageSpec): Promise<string>;
  /** Pushes what a signer pushes: a manifest under the tag `sha256-<64 hex>.sig` of `digest`. Returns that tag. */
  pushSignature(repository: string, digest: string): Promise<string>;
  /** All tags, sorted; none for a repository that isn't there. */
  tags(repository: string): Promise<string[]>;
  /** The digest that a tag points at; undefined if there is no such tag. */
  digest(repository: string, tag: string): Promise<string | undefined>;
  /** Deletes a tag, or by a digest the manifest and all its tags. */
  deleteManifest(repository: string, reference: string): Promise<void>;
  /** The requests answered so far, but for this object's own, oldest first. */
  requests(filter?: RequestFilter): Promise<RegistryRequest[]>;
  stop(): Promise<void>;
}

/** Where a registry runs. */
export interface RegistryPlace {
  readonly sandbox: Sandbox;
  readonly binary: string;
  readonly dir: string;
  readonly logFile: string;
  /** Address to listen on. */
  readonly listen: string;
  /** Address that image references name. */
  readonly host: string;
  /** HOST:PORT that this process reaches it at. */
  readonly reachedAt: string;
  readonly network: 'host' | 'node';
}

/** A registry without a cluster, on a free port of 127.0.0.1. Ends with this process. */
export async function startRegistry(options: RegistryOptions = {}): Promise<TestRegistry> {
  const parts = await ensureParts(['registry', 'nsinit'], options.progress);
  const sandbox = await createSandbox({ nsinit: parts.nsinit });
  const dir = mkdtempSync(join(tmpdir(), `kimup-registry-${process.pid}-`));
  const stop = async () => {
    await sandbox.end();
    rmSync(dir, { recursive: true, force: true });
  };
  try {
    const [port] = await freePorts(1);
    const address = `127.0.0.1:${port}`;
    const registry = await runRegistry(
      {
        sandbox,
        binary: parts.registry,
        dir,
        logFile: join(dir, 'registry.log'),
        listen: address,
        host: address,
        reachedAt: address,
        network: 'host',
      },
      options,
    );
    return {
      ...registry,
      stop: async () => {
        await registry.stop();
        await stop();
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Starts a registry in a sandbox and waits until it answers. */
export async function runRegistry(place: RegistryPlace, options: RegistryOptions = {}): Promise<TestRegistry> {
  const { file, ca, tokens } = await writeConfiguration(place, options);
  const component = place.sandbox.component('registry', place.binary, ['serve', file], place.logFile, {
    network: place.network,
    env: { OTEL_TRACES_EXPORTER: 'none' },
  });
  await component.start();
  const url = `${options.tls ? 'https' : 'http'}://${place.reachedAt}`;
  const client = new RegistryClient(url, ca, options.auth, tokens);
  await answers(client, component);
  return {
    host: place.host,
    url,
    ca,
    component,
    push: (repository, tag, image) => client.push(repository, tag, buildImage(image)),
    async pushSignature(repository, digest) {
      const tag = `${digest.replace(':', '-')}.sig`;
      await client.push(repository, tag, buildSignature(digest));
      return tag;
    },
    tags: (repository) => client.tags(repository),
    digest: (repository, tag) => client.digest(repository, tag),
    deleteManifest: (repository, reference) => client.deleteManifest(repository, reference),
    requests: (filter) => requestsIn(place.logFile, client, filter),
    async stop() {
      await component.stop();
      await tokens?.stop();
      await client.close();
    },
  };
}

/** Waits until a registry answers. @throws Error with the end of its log when it has ended */
async function answers(client: RegistryClient, component: Component): Promise<void> {
  await until(
    async () => {
      if (component.ended !== undefined)
        throw new Error(`the registry ended (${component.ended}):\n${component.logTail()}`);
      return (await client.call('GET', '/v2/')).statusCode === 200 ? true : undefined;
    },
    HANG_MS,
    `the registry at ${client.url}`,
    20,
  );
}
