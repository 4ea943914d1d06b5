import { Module } from '@nestjs/common';
import { Informers } from '../adapters/kubernetes/client/informers.ts';
import { KubeClient } from '../adapters/kubernetes/client/kube-client.ts';
import { KubernetesNamespaceStore } from '../adapters/kubernetes/namespaces/kubernetes-namespace-store.ts';
import { ImageIndex } from '../application/images/image-index.ts';
import { Log } from '../application/ports/log.ts';
import { NamespaceStore } from '../application/ports/namespace-store.ts';
import { ImagesModule } from './images.module.ts';
import { KubernetesModule } from './kubernetes.module.ts';
import { RulesModule } from './rules.module.ts';
import { SystemModule } from './system.module.ts';

/** Which container gets which tag of which Image: what admission and rollout both read. */
@Module({
  imports: [SystemModule, KubernetesModule, ImagesModule, RulesModule],
  providers: [
    ImageIndex,
    {
      provide: NamespaceStore,
      useFactory: (client: KubeClient, informers: Informers, log: Log) =>
        informers.add('namespaces', new KubernetesNamespaceStore(client, log)),
      inject: [KubeClient, Informers, Log],
    },
  ],
  exports: [ImageIndex, NamespaceStore],
})
export class AssignmentModule {}
