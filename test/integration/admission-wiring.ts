// The admission half of the operator, wired by hand and run in the test's own process under the operator's ServiceAccount.
import type { Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { fastify, type FastifyInstance } from 'fastify';
import { X509CertificateAuthority } from '../../src/adapters/certificate/x509-certificate-authority.ts';
import { WEBHOOK_FASTIFY_OPTIONS, WEBHOOK_PATH, WebhookServer } from '../../src/adapters/http/webhook-server.ts';
import { Informers } from '../../src/adapters/kubernetes/client/informers.ts';
import { KubeClient } from '../../src/adapters/kubernetes/client/kube-client.ts';
import { KubeConnection } from '../../src/adapters/kubernetes/client/kube-connection.ts';
import { IMAGES } from '../../src/adapters/kubernetes/client/resource.ts';
import type { RawImage } from '../../src/adapters/kubernetes/images/image-mapping.ts';
import { KubernetesImageStore } from '../../src/adapters/kubernetes/images/kubernetes-image-store.ts';
import { KubernetesNamespaceStore } from '../../src/adapters/kubernetes/namespaces/kubernetes-namespace-store.ts';
import { SecretCertificateStore } from '../../src/adapters/kubernetes/certificates/secret-certificate-store.ts';
import { WebhookConfigurationController } from '../../src/adapters/kubernetes/webhook-configuration/webhook-configuration-controller.ts';
import {
  WebhookConfigurationKeeper,
  WebhookConfigurationOptions,
} from '../../src/adapters/kubernetes/webhook-configuration/webhook-configuration-keeper.ts';
import { OwnServingCertificate } from '../../src/application/admission/own-serving-certificate.ts';
import type { PolledServingCertificate } from '../../src/application/admission/polled-serving-certificate.ts';
import { AdmissionOptions, ReviewPod } from '../../src/application/admission/review-pod.ts';
import { Controllers } from '../../src/application/controller/controllers.ts';
import { Readiness } from '../../src/application/health/readiness.ts';
import { ImageIndex } from '../../src/application/images/image-index.ts';
import { RuleCache } from '../../src/application/images/rule-cache.ts';
import type { Clock } from '../../src/application/ports/clock.ts';
import type { Log } from '../../src/application/ports/log.ts';
import { LEADS } from '../support/fakes/leads.ts';
import { FakeEventRecorder, FakeLog, FakeMetrics } from '../support/fakes/recorders.ts';
import { ShiftedClock } from '../support/fakes/shifted-clock.ts';

export interface Admission {
  readonly client: KubeClient;
  readonly clock: ShiftedClock;
  readonly certificate: PolledServingCertificate;
  readonly log: FakeLog;
  readonly metrics: FakeMetrics;
  /** The webhook's port stays the same while it is down. */
  down(): Promise<void>;
  up(): Promise<void>;
  stop(): Promise<void>;
}

export interface AdmissionWiring {
  /** How far the clock is ahead of the machine's. */
  readonly shiftMs?: number;
  /** A certificate from elsewhere, instead of kimup's own. */
  readonly certificate?: (clock: Clock, log: Log) => PolledServingCertificate;
  /** Whether each review comes over a connection of its own, so that each meets the certificate that is served then. */
  readonly newConnections?: boolean;
}

export async function startAdmission(
  kubeconfig: string,
  { shiftMs = 0, certificate: from, newConnections = false }: AdmissionWiring = {},
): Promise<Admission> {
  const connection = KubeConnection.load({ kubeconfig, userAgent: 'kimup-operator/test' });
  const client = new KubeClient(connection);
  const [log, metrics, clock] = [new FakeLog(), new FakeMetrics(), new ShiftedClock()];
  clock.shiftMs = shiftMs;
  const informers = new Informers(client, log, metrics, new Readiness());
  const namespaces = informers.add('namespaces', new KubernetesNamespaceStore(client, log));
  const certificate =
    from?.(clock, log) ??
    new OwnServingCertificate(
      new SecretCertificateStore(client, { namespace: 'kimup-operator', fieldManager: 'kimup-operator' }),
      new X509CertificateAuthority({ hosts: ['127.0.0.1'] }),
      clock,
      log,
    );
  const informer = informers.of<RawImage>(IMAGES);
  const images = new KubernetesImageStore(client, informer, 'kimup-operator', new FakeEventRecorder(), log, LEADS);
  const reviewPod = new ReviewPod(
    images,
    new ImageIndex(images, new RuleCache()),
    namespaces,
    new AdmissionOptions('kimup-operator'),
  );
  const webhook = new WebhookServer(reviewPod, certificate, metrics, log);
  let server: FastifyInstance | undefined;
  let port = 0;
  const up = async (): Promise<void> => {
    server = fastify(WEBHOOK_FASTIFY_OPTIONS) as unknown as FastifyInstance;
    if (newConnections) {
      server.addHook('onSend', (_request, reply, payload, done) => {
        reply.header('connection', 'close');
        done(null, payload);
      });
    }
    webhook.attach(server);
    webhook.secure(server.server as unknown as Server);
    await server.listen({ port, host: '127.0.0.1' });
    port = (server.server.address() as AddressInfo).port;
  };
  await up();
  const address = { url: `https://127.0.0.1:${port}${WEBHOOK_PATH}` };
  const keeper = new WebhookConfigurationKeeper(
    client,
    informers,
    namespaces,
    certificate,
    clock,
    log,
    new WebhookConfigurationOptions(address, 'kimup-operator', 'kimup-operator'),
    LEADS,
  );
  const controller = new WebhookConfigurationController(new Controllers(clock, log, metrics), keeper);
  informers.start();
  await Promise.all([informers.whenSynced(), certificate.start()]);
  controller.start();
  const down = async (): Promise<void> => {
    server?.server.closeAllConnections();
    await server?.close();
    server = undefined;
  };
  return {
    client,
    clock,
    certificate,
    log,
    metrics,
    up,
    down,
    stop: async () => {
      certificate.stop();
      await Promise.all([controller.stop(), informers.stop(), down()]);
      await connection.close();
    },
  };
}
