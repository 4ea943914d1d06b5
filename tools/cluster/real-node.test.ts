import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Cluster, startCluster } from './cluster.ts';
import { HANG_MS } from './hang.ts';
import { buildAndPush } from './images/build-and-push.ts';
import { whoamiImage, whoamiPort } from './images/whoami.ts';
import { realNodeUnavailable } from './nodes/real-node.ts';
import { listen } from './sockets/listen.ts';

const unavailable = realNodeUnavailable();

describe.skipIf(unavailable !== undefined)(
  `a cluster with a real node${unavailable === undefined ? '' : ` (skipped: ${unavailable}; kwok nodes are what runs)`}`,
  () => {
    let cluster: Cluster;
    beforeAll(async () => void (cluster = await startCluster({ nodes: 'real', name: 'test' })), 900_000);
    afterAll(() => cluster.stop());

    const image = (version: string) => `${cluster.registry.host}/whoami:${version}`;
    const deployWhoami = async (version: string) => {
      await cluster.registry.push('whoami', version, whoamiImage(cluster.parts.whoami ?? '', version));
      await cluster.apply([
        {
          apiVersion: 'apps/v1',
          kind: 'Deployment',
          metadata: { name: 'whoami', namespace: 'default' },
          spec: {
            replicas: 2,
            selector: { matchLabels: { app: 'whoami' } },
            template: {
              metadata: { labels: { app: 'whoami' } },
              spec: {
                terminationGracePeriodSeconds: 1,
                containers: [
                  {
                    name: 'whoami',
                    image: image(version),
                    readinessProbe: { httpGet: { path: '/healthz', port: whoamiPort }, periodSeconds: 1 },
                  },
                ],
              },
            },
          },
        },
        {
          apiVersion: 'v1',
          kind: 'Service',
          metadata: { name: 'whoami', namespace: 'default' },
          spec: { selector: { app: 'whoami' }, ports: [{ port: 80, targetPort: whoamiPort }] },
        },
      ]);
      await cluster.kubectl(['rollout', 'status', 'deployment/whoami', '--timeout=60s']);
    };

    it('pulls from the registry, rolls out, and answers with the version over the Service', async () => {
      await deployWhoami('v1.0.0');
      expect(await cluster.kubectl(['get', '--raw', '/api/v1/namespaces/default/services/whoami/proxy/'])).toBe(
        'v1.0.0\n',
      );
      await deployWhoami('v1.1.0');
      await expect
        .poll(() => cluster.kubectl(['get', '--raw', '/api/v1/namespaces/default/services/whoami/proxy/']), {
          timeout: HANG_MS,
        })
        .toBe('v1.1.0\n');
      expect(await cluster.registry.requests({ method: 'GET', path: /^\/v2\/whoami\/blobs\// })).toHaveLength(3); // one layer, two configs
    });

    it("reaches a Service's address from a pod", async () => {
      const address = await cluster.kubectl(['get', 'service', 'whoami', '-o', 'jsonpath={.spec.clusterIP}']);
      await cluster.apply([
        {
          apiVersion: 'v1',
          kind: 'Pod',
          metadata: { name: 'probed', namespace: 'default' },
          spec: {
            terminationGracePeriodSeconds: 1,
            containers: [
              {
                name: 'whoami',
                image: image('v1.0.0'),
                startupProbe: { exec: { command: ['/whoami', 'get', `http://${address}/`] }, periodSeconds: 1 },
              },
            ],
          },
        },
      ]);
      await cluster.kubectl(['wait', '--for=condition=Ready', 'pod/probed', '--timeout=60s']);
      expect(await cluster.kubectl(['exec', 'probed', '--', '/whoami', 'get', `http://${address}/`])).toBe('v1.1.0\n');
    });

    it('shows the logs of a pod', async () => {
      expect(await cluster.kubectl(['logs', 'deployment/whoami'])).toContain('whoami v1.1.0 listens on :8080');
    });

    it('lets the API server reach a server of this process', async () => {
      const server = createServer((_, response) => response.end('from the host'));
      const address = await cluster.reachableAs(await listen(server));
      expect(await cluster.kubectl(['exec', 'probed', '--', '/whoami', 'get', `http://${address}/`])).toBe(
        'from the host',
      );
      server.close();
    });

    it('runs an image built from a Dockerfile on Node, as nobody, with nothing allowed', async () => {
      const context = mkdtempSync(join(tmpdir(), 'kimup-context-'));
      writeFileSync(
        join(context, 'Dockerfile'),
        'ARG BASE\nFROM ${BASE}\nCOPY main.mjs /app/\nUSER 65532:65532\nENTRYPOINT ["node", "/app/main.mjs"]\n',
      );
      writeFileSync(join(context, 'main.mjs'), 'console.log("node", process.version, "as", process.getuid());\n');
      const built = await buildAndPush({ context, registry: cluster.registry, repository: 'app', tag: 'v1' });
      rmSync(context, { recursive: true });
      await cluster.apply([
        {
          apiVersion: 'v1',
          kind: 'Pod',
          metadata: { name: 'app', namespace: 'default' },
          spec: {
            restartPolicy: 'Never',
            securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
            containers: [
              {
                name: 'app',
                image: built,
                securityContext: {
                  allowPrivilegeEscalation: false,
                  readOnlyRootFilesystem: true,
                  capabilities: { drop: ['ALL'] },
                },
              },
            ],
          },
        },
      ]);
      await cluster.kubectl(['wait', '--for=jsonpath={.status.phase}=Succeeded', 'pod/app', '--timeout=60s']);
      expect(await cluster.kubectl(['logs', 'app'])).toBe(`node ${process.version} as 65532\n`);
    });

    it('does not meet another one, which leaves no control group', async () => {
      const other = await startCluster({ nodes: 'real', name: 'other' });
      expect(await other.kubectl(['get', 'pods', '--all-namespaces', '-o', 'name'])).toBe('');
      expect(await other.registry.tags('whoami')).toEqual([]);
      await other.registry.push('whoami', 'v9.0.0', whoamiImage(other.parts.whoami ?? '', 'v9.0.0'));
      await other.kubectl(['run', 'alone', `--image=${other.registry.host}/whoami:v9.0.0`]);
      await other.kubectl(['wait', '--for=condition=Ready', 'pod/alone', '--timeout=60s']);
      const groups = () =>
        readdirSync('/sys/fs/cgroup', { recursive: true, withFileTypes: true }).filter((entry) =>
          entry.name.startsWith(`kimup-${process.pid}-`),
        ).length;
      const both = groups();
      await other.stop();
      expect(groups()).toBe(both / 2);
      expect(await cluster.kubectl(['get', '--raw', '/api/v1/namespaces/default/services/whoami/proxy/'])).toBe(
        'v1.1.0\n',
      );
      expect(await cluster.registry.tags('whoami')).toEqual(['v1.0.0', 'v1.1.0']);
    });
  },
);
