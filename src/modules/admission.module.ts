import { Module } from '@nestjs/common';
import { WebhookLifecycle } from '../adapters/http/webhook-lifecycle.ts';
import { WEBHOOK_PATH, WebhookServer } from '../adapters/http/webhook-server.ts';
import type { WebhookAddress } from '../adapters/kubernetes/webhook-configuration/webhook-configuration.ts';
import { WebhookConfigurationController } from '../adapters/kubernetes/webhook-configuration/webhook-configuration-controller.ts';
import {
  WebhookConfigurationKeeper,
  WebhookConfigurationOptions,
} from '../adapters/kubernetes/webhook-configuration/webhook-configuration-keeper.ts';
import { AdmissionOptions, ReviewPod } from '../application/admission/review-pod.ts';
import { AssignmentModule } from './assignment.module.ts';
import { CertificateModule } from './certificate.module.ts';
import { ControllersModule } from './controllers.module.ts';
import { ImagesModule } from './images.module.ts';
import { KubernetesModule } from './kubernetes.module.ts';
import { OperatorSettings, Settings } from './settings.ts';
import { SystemModule } from './system.module.ts';

/** From the API server's review of a pod to the tag on it, and what makes the API server ask. */
@Module({
  imports: [SystemModule, KubernetesModule, ControllersModule, ImagesModule, AssignmentModule, CertificateModule],
  providers: [
    {
      provide: AdmissionOptions,
      useFactory: ({ namespace }: Settings) => new AdmissionOptions(namespace),
      inject: [Settings],
    },
    ReviewPod,
    WebhookServer,
    WebhookLifecycle,
    {
      provide: WebhookConfigurationOptions,
      useFactory: ({ namespace, component }: Settings, operator: OperatorSettings) =>
        new WebhookConfigurationOptions(address(namespace, operator), namespace, component),
      inject: [Settings, OperatorSettings],
    },
    WebhookConfigurationKeeper,
    WebhookConfigurationController,
  ],
  exports: [WebhookServer],
})
export class AdmissionModule {}

function address(namespace: string, { service, url }: OperatorSettings): WebhookAddress {
  return url === ''
    ? { service: { namespace, name: service, path: WEBHOOK_PATH, port: 443 } }
    : { url: new URL(WEBHOOK_PATH, url).href };
}
