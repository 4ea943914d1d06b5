import { Module } from '@nestjs/common';
import { FileServingCertificate, hasServingCertificate } from '../adapters/certificate/file-serving-certificate.ts';
import { CertificateOptions, X509CertificateAuthority } from '../adapters/certificate/x509-certificate-authority.ts';
import {
  SecretCertificateOptions,
  SecretCertificateStore,
  serviceHosts,
} from '../adapters/kubernetes/certificates/secret-certificate-store.ts';
import { OwnServingCertificate } from '../application/admission/own-serving-certificate.ts';
import { CertificateAuthority } from '../application/ports/certificate-authority.ts';
import { CertificateStore } from '../application/ports/certificate-store.ts';
import { Clock } from '../application/ports/clock.ts';
import { Log } from '../application/ports/log.ts';
import { ServingCertificate } from '../application/ports/serving-certificate.ts';
import { KubernetesModule } from './kubernetes.module.ts';
import { OperatorSettings, Settings } from './settings.ts';
import { SystemModule } from './system.module.ts';

/** What the webhook is served with: the certificate of a folder, where somebody put one there, else kimup's own. */
@Module({
  imports: [SystemModule, KubernetesModule],
  providers: [
    {
      provide: SecretCertificateOptions,
      useFactory: ({ namespace, component }: Settings) =>
        new SecretCertificateOptions({ namespace, fieldManager: component }),
      inject: [Settings],
    },
    { provide: CertificateStore, useClass: SecretCertificateStore },
    {
      provide: CertificateOptions,
      useFactory: ({ namespace }: Settings, { service, url }: OperatorSettings) =>
        new CertificateOptions({
          hosts: url === '' ? serviceHosts(service, namespace) : [new URL(url).hostname],
        }),
      inject: [Settings, OperatorSettings],
    },
    { provide: CertificateAuthority, useClass: X509CertificateAuthority },
    {
      provide: ServingCertificate,
      useFactory: (
        clock: Clock,
        log: Log,
        store: CertificateStore,
        authority: CertificateAuthority,
        { certificateFolder }: OperatorSettings,
      ) =>
        hasServingCertificate(certificateFolder)
          ? new FileServingCertificate(clock, log, certificateFolder)
          : new OwnServingCertificate(store, authority, clock, log),
      inject: [Clock, Log, CertificateStore, CertificateAuthority, OperatorSettings],
    },
  ],
  exports: [ServingCertificate],
})
export class CertificateModule {}
