import { type DynamicModule, Global, Module } from '@nestjs/common';
import { KubeClient } from '../adapters/kubernetes/client/kube-client.ts';
import { Informers } from '../adapters/kubernetes/client/informers.ts';
import { KubernetesNamespaceStore } from '../adapters/kubernetes/namespaces/kubernetes-namespace-store.ts';
import { Log } from '../application/ports/log.ts';
import { NamespaceStore } from '../application/ports/namespace-store.ts';
import { AdmissionModule } from './admission.module.ts';
import { PlatformModule } from './platform.module.ts';
import { RolloutModule } from './rollout.module.ts';
import { OperatorSettings, type Settings } from './settings.ts';

/** kimup-operator: admission on every replica; rollouts and the webhook's configuration by the leader. */
@Global()
@Module({})
export class OperatorModule {
  static with(settings: Settings, operator: OperatorSettings): DynamicModule {
    return {
      module: OperatorModule,
      imports: [PlatformModule.with(settings), AdmissionModule, RolloutModule],
      providers: [
        { provide: OperatorSettings, useValue: operator },
        {
          provide: NamespaceStore,
          useFactory: (client: KubeClient, informers: Informers, log: Log) =>
            informers.add('namespaces', new KubernetesNamespaceStore(client, log)),
          inject: [KubeClient, Informers, Log],
        },
      ],
      exports: [OperatorSettings, NamespaceStore],
    };
  }
}
