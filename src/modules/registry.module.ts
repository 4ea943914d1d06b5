import { Module } from '@nestjs/common';
import { KubeClient } from '../adapters/kubernetes/client/kube-client.ts';
import { KubernetesSecretReader } from '../adapters/kubernetes/secrets/kubernetes-secret-reader.ts';
import {
  DistributionTagRegistry,
  DistributionTagRegistryOptions,
} from '../adapters/registry/distribution-tag-registry.ts';
import { parseDockerConfig } from '../adapters/registry/docker-config.ts';
import { Metrics } from '../application/ports/metrics.ts';
import { SecretReader } from '../application/ports/secret-reader.ts';
import { TagRegistry } from '../application/ports/tag-registry.ts';
import { SharedTagListLimits, SharedTagLists } from '../application/refresh/shared-tag-lists.ts';
import { KubernetesModule } from './kubernetes.module.ts';
import { ControllerSettings } from './settings.ts';
import { SystemModule } from './system.module.ts';

/** Asking registries, with what users keep in pull secrets. */
@Module({
  imports: [SystemModule, KubernetesModule],
  providers: [
    {
      provide: DistributionTagRegistryOptions,
      useFactory: ({ plainHttpRegistries }: ControllerSettings) =>
        new DistributionTagRegistryOptions({ insecureRegistries: plainHttpRegistries }),
      inject: [ControllerSettings],
    },
    {
      provide: TagRegistry,
      useFactory: (metrics: Metrics, options: DistributionTagRegistryOptions) =>
        new DistributionTagRegistry(metrics, options),
      inject: [Metrics, DistributionTagRegistryOptions],
    },
    {
      provide: SecretReader,
      useFactory: (client: KubeClient) => new KubernetesSecretReader(client, parseDockerConfig),
      inject: [KubeClient],
    },
    { provide: SharedTagListLimits, useFactory: () => new SharedTagListLimits() },
    SharedTagLists,
  ],
  exports: [SecretReader, SharedTagLists],
})
export class RegistryModule {}
