import { Module } from '@nestjs/common';
import { KubeClient } from '../adapters/kubernetes/client/kube-client.ts';
import { Informers } from '../adapters/kubernetes/client/informers.ts';
import { KubernetesWorkloadRoller } from '../adapters/kubernetes/workloads/kubernetes-workload-roller.ts';
import { LeaderElection } from '../application/ports/leadership.ts';
import { Log } from '../application/ports/log.ts';
import { WorkloadRoller } from '../application/ports/workload-roller.ts';
import { RolloutSettings, RollOutImage } from '../application/rollout/roll-out-image.ts';
import { RolloutLoop } from '../application/rollout/rollout-loop.ts';
import { excludedNamespaces } from '../domain/assignment/scope.ts';
import { OperatorSettings, Settings } from './settings.ts';

/** From an Image's update to workloads that are healthy on it, or back. */
@Module({
  providers: [
    {
      provide: WorkloadRoller,
      useFactory: (client: KubeClient, informers: Informers, log: Log, leadership: LeaderElection) =>
        informers.add('workloads', new KubernetesWorkloadRoller(client, log, leadership)),
      inject: [KubeClient, Informers, Log, LeaderElection],
    },
    {
      provide: RolloutSettings,
      useFactory: ({ namespace }: Settings, { rolloutDeadlineMs, concurrentRollouts }: OperatorSettings) =>
        new RolloutSettings(excludedNamespaces(namespace), undefined, {
          rolloutDeadlineMs,
          maxConcurrent: concurrentRollouts,
        }),
      inject: [Settings, OperatorSettings],
    },
    RollOutImage,
    RolloutLoop,
  ],
  exports: [RolloutLoop],
})
export class RolloutModule {}
