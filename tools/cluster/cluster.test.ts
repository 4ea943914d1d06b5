import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Cluster, startCluster } from './cluster.ts';

const deployment = (name: string, image: string, replicas = 2) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, namespace: 'default' },
  spec: {
    replicas,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: { terminationGracePeriodSeconds: 1, containers: [{ name: 'main', image }] },
    },
  },
});

describe('a cluster with kwok nodes', () => {
  let cluster: Cluster;
  beforeAll(async () => void (cluster = await startCluster({ nodes: 'kwok', name: 'test' })), 900_000);
  afterAll(() => cluster.stop());

  it('has nodes on which pods run', async () => {
    await cluster.apply([deployment('web', 'example.test/web:1')]);
    await cluster.kubectl(['rollout', 'status', 'deployment/web', '--timeout=60s']);
    const pods = JSON.parse(await cluster.kubectl(['get', 'pods', '-l', 'app=web', '-o', 'json']));
    expect(pods.items.map((pod: { status: { phase: string } }) => pod.status.phase)).toEqual(['Running', 'Running']);
  });

  it('has a pod ready again once its node is heard of again, as a kubelet does', async () => {
    await cluster.kubectl(['run', 'again', '--image=example.test/web:1']);
    await cluster.kubectl(['wait', '--for=condition=Ready', 'pod/again', '--timeout=60s']);
    const conditions = [{ type: 'Ready', status: 'False', reason: 'NodeNotReady' }];
    const patch = JSON.stringify({ status: { conditions } });
    await cluster.kubectl(['patch', 'pod', 'again', '--subresource=status', '--type=strategic', '-p', patch]);
    await cluster.kubectl(['wait', '--for=condition=Ready', 'pod/again', '--timeout=60s']);
    const pod = JSON.parse(await cluster.kubectl(['get', 'pod', 'again', '-o', 'json']));
    expect(pod.status.conditions.map(({ type }: { type: string }) => type)).toEqual(
      expect.arrayContaining(['Initialized', 'ContainersReady', 'PodScheduled']),
    );
  });

  it('completes Jobs', async () => {
    await cluster.kubectl(['create', 'job', 'once', '--image=example.test/job:1']);
    await cluster.kubectl(['wait', '--for=condition=complete', 'job/once', '--timeout=60s']);
  });

  it('never has pods of a failing image ready', async () => {
    await cluster.apply([deployment('bad', 'example.test/web:2-broken', 1)]);
    await cluster.kubectl([
      'wait',
      '--for=jsonpath={.status.containerStatuses[0].state.waiting.reason}=CrashLoopBackOff',
      'pod',
      '-l',
      'app=bad',
      '--timeout=60s',
    ]);
  });

  it('lets a ServiceAccount do what RBAC says, no more, and counts its requests', async () => {
    await cluster.kubectl(['create', 'serviceaccount', 'reader']);
    await cluster.kubectl(['create', 'rolebinding', 'reader', '--clusterrole=view', '--serviceaccount=default:reader']);
    const kubeconfig = await cluster.serviceAccountKubeconfig('default', 'reader');
    const since = new Date();
    await cluster.kubectl([`--kubeconfig=${kubeconfig}`, 'get', 'pods']);
    await expect(cluster.kubectl([`--kubeconfig=${kubeconfig}`, 'get', 'secrets'])).rejects.toThrow(
      /Forbidden.*cannot list resource "secrets"/,
    );
    const events = await cluster.auditLog({
      username: 'system:serviceaccount:default:reader',
      userAgentPrefix: 'kubectl/',
      since,
    });
    expect(events.filter((event) => event.verb === 'list').map(({ resource, code }) => [resource, code])).toEqual([
      ['pods', 200],
      ['secrets', 403],
    ]);
    expect(await cluster.auditLog({ userAgentPrefix: 'nobody/' })).toEqual([]);
  });

  it('says in the message what kubectl says', async () => {
    await expect(cluster.kubectl(['get', 'nothing'])).rejects.toThrow(
      `the server doesn't have a resource type "nothing"`,
    );
  });

  it('has an API server that can be stopped and started, and frozen', async () => {
    const apiServer = cluster.component('kube-apiserver');
    const before = apiServer.pid;
    await apiServer.stop();
    await expect(cluster.kubectl(['get', 'nodes', '--request-timeout=1s'])).rejects.toThrow('refused');
    await apiServer.start();
    await cluster.apiServerReady();
    expect(apiServer.pid).not.toBe(before);
    apiServer.kill('SIGSTOP');
    await expect(cluster.kubectl(['get', '--raw', '/readyz', '--request-timeout=500ms'])).rejects.toThrow(
      /Timeout|deadline/,
    );
    apiServer.kill('SIGCONT');
    await cluster.apiServerReady();
  });

  it('can be stopped while a part of it is frozen', async () => {
    const frozen = await startCluster({ nodes: 'kwok', name: 'frozen', kwokNodes: 1 });
    const { pid } = frozen.component('kube-apiserver');
    frozen.component('kube-apiserver').kill('SIGSTOP');
    await frozen.stop();
    expect(existsSync(`/proc/${pid}`)).toBe(false);
    expect(existsSync(frozen.dir)).toBe(false);
  });

  it('runs processes beside it that end with it', async () => {
    const other = await cluster.spawn(
      'beside',
      process.execPath,
      ['-e', 'console.log("hello from", process.env.WHO); setInterval(() => {}, 1000)'],
      { env: { WHO: 'beside' } },
    );
    await expect.poll(() => other.logTail()).toContain('hello from beside');
    await other.stop();
    expect(other.ended).toBe('SIGTERM');
  });
});
