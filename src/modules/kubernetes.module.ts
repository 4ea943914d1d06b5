import { Module } from '@nestjs/common';
import { Informers } from '../adapters/kubernetes/client/informers.ts';
import { KubeClient } from '../adapters/kubernetes/client/kube-client.ts';
import { KubeConnection } from '../adapters/kubernetes/client/kube-connection.ts';
import { EventSource, KubernetesEventRecorder } from '../adapters/kubernetes/events/kubernetes-event-recorder.ts';
import { LeaseLeaderElection, LeaseOptions } from '../adapters/kubernetes/leader-election/lease-leader-election.ts';
import { SoleReplica } from '../adapters/leader-election/sole-replica.ts';
import { EventRecorder } from '../application/ports/event-recorder.ts';
import { LeaderElection } from '../application/ports/leadership.ts';
import { Log } from '../application/ports/log.ts';
import { Settings } from './settings.ts';
import { SystemModule } from './system.module.ts';

/** The API server: the one connection to it, what is watched, events, the lead. */
@Module({
  imports: [SystemModule],
  providers: [
    {
      provide: KubeConnection,
      useFactory: ({ kubeconfig, component, version }: Settings) =>
        KubeConnection.load({ kubeconfig, userAgent: `${component}/${version}` }),
      inject: [Settings],
    },
    KubeClient,
    Informers,
    {
      provide: EventSource,
      useFactory: ({ component, identity }: Settings) => new EventSource(component, identity),
      inject: [Settings],
    },
    { provide: EventRecorder, useClass: KubernetesEventRecorder },
    {
      provide: LeaseOptions,
      useFactory: ({ namespace, lease, identity, component }: Settings) =>
        new LeaseOptions({ namespace, name: lease, identity, fieldManager: component }),
      inject: [Settings],
    },
    {
      provide: LeaderElection,
      useFactory: (client: KubeClient, options: LeaseOptions, log: Log, { leaderElect }: Settings) =>
        leaderElect ? new LeaseLeaderElection(client, options, log) : new SoleReplica(),
      inject: [KubeClient, LeaseOptions, Log, Settings],
    },
  ],
  exports: [KubeClient, Informers, EventRecorder, LeaderElection],
})
export class KubernetesModule {}
