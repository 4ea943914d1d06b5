import { Module } from '@nestjs/common';
import { FileServingCertificate, hasServingCertificate } from '../adapters/certificate/file-serving-certificate.ts';
import { X509CertificateAuthority } from '../adapters/certificate/x509-certificate-authority.ts';
import { WEBHOOK_PATH, WebhookServer } from '../adapters/http/webhook-server.ts';
import { KubeClient } from '../adapters/kubernetes/client/kube-client.ts';
import { SecretCertificateStore, serviceHosts } from '../adapters/kubernetes/certificates/secret-certificate-store.ts';
import type { WebhookAddress } from '../adapters/kubernetes/webhook-configuration/webhook-configuration.ts';
import { WebhookConfigurationKeeper } from '../adapters/kubernetes/webhook-configuration/webhook-configuration-keeper.ts';
import { OwnServingCertificate } from '../application/admission/own-serving-certificate.ts';
import { AdmissionOptions, ReviewPod } from '../application/admission/review-pod.ts';
import { Clock } from '../application/ports/clock.ts';
import { LeaderElection } from '../application/ports/leadership.ts';
import { Log } from '../application/ports/log.ts';
import { NamespaceStore } from '../application/ports/namespace-store.ts';
import { ServingCertificate } from '../application/ports/serving-certificate.ts';
import { OperatorSettings, Settings } from './settings.ts';

/** From the API server's review of a pod to the tag on it. */
@Module({
  providers: [
    {
      provide: AdmissionOptions,
      useFactory: ({ namespace }: Settings) => new AdmissionOptions(namespace),
      inject: [Settings],
    },
    ReviewPod,
    {
      provide: ServingCertificate,
      useFactory: (
        client: KubeClient,
        clock: Clock,
        log: Log,
        { namespace, component }: Settings,
        { certificateFolder, service, url }: OperatorSettings,
      ) =>
        hasServingCertificate(certificateFolder)
          ? new FileServingCertificate(clock, log, certificateFolder)
          : new OwnServingCertificate(
              new SecretCertificateStore(client, { namespace, fieldManager: component }),
              new X509CertificateAuthority({
                hosts: url === '' ? serviceHosts(service, namespace) : [new URL(url).hostname],
              }),
              clock,
              log,
            ),
      inject: [KubeClient, Clock, Log, Settings, OperatorSettings],
    },
    WebhookServer,
    {
      provide: WebhookConfigurationKeeper,
      useFactory: (
        client: KubeClient,
        namespaces: NamespaceStore,
        certificate: ServingCertificate,
        clock: Clock,
        log: Log,
        leadership: LeaderElection,
        { namespace, component }: Settings,
        operator: OperatorSettings,
      ) =>
        new WebhookConfigurationKeeper(
          client,
          namespaces,
          certificate,
          clock,
          log,
          { address: address(namespace, operator), ownNamespace: namespace, fieldManager: component },
          leadership,
        ),
      inject: [KubeClient, NamespaceStore, ServingCertificate, Clock, Log, LeaderElection, Settings, OperatorSettings],
    },
  ],
  exports: [ServingCertificate, WebhookServer, WebhookConfigurationKeeper],
})
export class AdmissionModule {}

function address(namespace: string, { service, url }: OperatorSettings): WebhookAddress {
  return url === ''
    ? { service: { namespace, name: service, path: WEBHOOK_PATH, port: 443 } }
    : { url: new URL(WEBHOOK_PATH, url).href };
}
