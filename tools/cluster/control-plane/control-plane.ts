// etcd, kube-apiserver, kube-controller-manager and kube-scheduler, started one after the other.
import { HANG_MS } from '../hang.ts';
import type { Components } from '../process/components.ts';
import { tail } from '../process/tail.ts';
import { until } from '../process/until.ts';
import { AdminClient } from './admin-client.ts';
import { apiServerArguments, controllerManagerArguments, etcdArguments, schedulerArguments } from './arguments.ts';
import { type AuditEvent, type AuditFilter, readAuditLog } from './audit-log.ts';
import type { Endpoints } from './endpoints.ts';
import { type ControlPlaneFiles, writeControlPlaneFiles } from './files.ts';

export interface ControlPlanePlace {
  /** The cluster's state folder. */
  readonly dir: string;
  readonly endpoints: Endpoints;
  /** HOST:PORT at which this host reaches the API server. */
  readonly apiServer: string;
  readonly components: Components;
}

export class ControlPlane {
  readonly files: ControlPlaneFiles;
  /** Of the API server, from this host. */
  readonly url: string;
  /** Path of the admin's kubeconfig, good on this host. */
  readonly kubeconfig: string;
  readonly client: AdminClient;
  private readonly endpoints: Endpoints;
  private readonly components: Components;

  private constructor(
    { endpoints, apiServer, components }: ControlPlanePlace,
    files: ControlPlaneFiles,
    kubeconfig: string,
    client: AdminClient,
  ) {
    this.files = files;
    this.url = `https://${apiServer}`;
    this.kubeconfig = kubeconfig;
    this.client = client;
    this.endpoints = endpoints;
    this.components = components;
  }

  /** Writes all that it needs. Nothing runs yet. */
  static async prepare(place: ControlPlanePlace): Promise<ControlPlane> {
    const files = await writeControlPlaneFiles(place.dir, place.endpoints);
    const url = `https://${place.apiServer}`;
    const admin = { commonName: 'kubernetes-admin', organization: 'system:masters' };
    const kubeconfig = await files.kubeconfig('admin.kubeconfig', admin, url);
    return new ControlPlane(place, files, kubeconfig, await AdminClient.create(url, files.authority));
  }

  /** Starts etcd and the API server, and does not wait until they are ready. */
  async startApiServer(): Promise<void> {
    await this.components.startPart('etcd', etcdArguments(this.files.dir, this.endpoints));
    await this.components.startPart('kube-apiserver', apiServerArguments(this.files, this.endpoints));
  }

  /** Waits until the API server is ready. @throws Error with the end of a log when it does not get so */
  apiServerReady(timeoutMs?: number): Promise<void> {
    return this.components.waitFor(
      'kube-apiserver',
      ['etcd', 'kube-apiserver'],
      async () => (await this.client.status('/readyz')) === 200,
      timeoutMs,
    );
  }

  /** Starts the controllers and the scheduler, for an API server that is ready. */
  async startControllers(): Promise<void> {
    const [controllerManager, scheduler] = await Promise.all([
      this.componentKubeconfig('kube-controller-manager'),
      this.componentKubeconfig('kube-scheduler'),
    ]);
    await Promise.all([
      this.components.startPart(
        'kube-controller-manager',
        controllerManagerArguments(this.files, this.endpoints, controllerManager),
      ),
      this.components.startPart('kube-scheduler', schedulerArguments(this.endpoints, scheduler)),
    ]);
  }

  /** The requests that were answered before this call and pass the filter. */
  async auditLog(filter?: AuditFilter): Promise<AuditEvent[]> {
    await this.auditLogIsComplete();
    return readAuditLog(this.files.auditLog, filter);
  }

  /** A request is logged after it was answered; once one made now is there, those before it are too. */
  private async auditLogIsComplete(): Promise<void> {
    const mark = `/version?mark=${process.hrtime.bigint()}`;
    try {
      await this.client.status(mark);
    } catch {
      return; // the API server is stopped, so nothing is on its way into the log
    }
    const log = this.files.auditLog;
    await until(() => (tail(log, 2000).includes(mark) ? true : undefined), HANG_MS, 'the audit log', 20);
  }

  private componentKubeconfig(name: string): Promise<string> {
    return this.files.kubeconfig(`${name}.kubeconfig`, {
      commonName: `system:${name}`,
      organization: 'system:masters',
    });
  }
}
