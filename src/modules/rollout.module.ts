import { Module } from '@nestjs/common';
import { Informers } from '../adapters/kubernetes/client/informers.ts';
import { KubeClient } from '../adapters/kubernetes/client/kube-client.ts';
import { KubernetesWorkloadRoller } from '../adapters/kubernetes/workloads/kubernetes-workload-roller.ts';
import { LeaderElection } from '../application/ports/leadership.ts';
import { Log } from '../application/ports/log.ts';
import { WorkloadRoller } from '../application/ports/workload-roller.ts';
import { PlanRollout } from '../application/rollout/plan-rollout.ts';
import { RollOutImage } from '../application/rollout/roll-out-image.ts';
import { RolloutController } from '../application/rollout/rollout-controller.ts';
import { RolloutSettings } from '../application/rollout/rollout-settings.ts';
import { RunCommands } from '../application/rollout/run-commands.ts';
import { SeenWorkloads } from '../application/rollout/seen-workloads.ts';
import { excludedNamespaces } from '../domain/assignment/scope.ts';
import { AssignmentModule } from './assignment.module.ts';
import { ControllersModule } from './controllers.module.ts';
import { ImagesModule } from './images.module.ts';
import { KubernetesModule } from './kubernetes.module.ts';
import { OperatorSettings, Settings } from './settings.ts';
import { SystemModule } from './system.module.ts';

/** From an Image's update to workloads that are healthy on it, or back. */
@Module({
  imports: [SystemModule, KubernetesModule, ControllersModule, ImagesModule, AssignmentModule],
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
    SeenWorkloads,
    PlanRollout,
    RunCommands,
    RollOutImage,
    RolloutController,
  ],
})
export class RolloutModule {}
