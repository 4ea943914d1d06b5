import { type DynamicModule, Global, Module } from '@nestjs/common';
import { KubeClient } from '../adapters/kubernetes/client/kube-client.ts';
import { KubeConnection } from '../adapters/kubernetes/client/kube-connection.ts';
import { Informers } from '../adapters/kubernetes/client/informers.ts';
import { IMAGES } from '../adapters/kubernetes/client/resource.ts';
import type { RawImage } from '../adapters/kubernetes/images/image-mapping.ts';
import { KubernetesEventRecorder } from '../adapters/kubernetes/events/kubernetes-event-recorder.ts';
import { KubernetesImageStore } from '../adapters/kubernetes/images/kubernetes-image-store.ts';
import { ImageInterner } from '../adapters/kubernetes/images/image-interner.ts';
import { LeaseLeaderElection } from '../adapters/kubernetes/leader-election/lease-leader-election.ts';
import { PrometheusMetrics } from '../adapters/metrics/prometheus-metrics.ts';
import { PinoLog } from '../adapters/log/pino-log.ts';
import { SoleReplica } from '../adapters/leader-election/sole-replica.ts';
import { SystemClock } from '../adapters/clock/system-clock.ts';
import { Clock } from '../application/ports/clock.ts';
import { EventRecorder } from '../application/ports/event-recorder.ts';
import { ImageStore } from '../application/ports/image-store.ts';
import { LeaderElection } from '../application/ports/leadership.ts';
import { Log } from '../application/ports/log.ts';
import { Metrics } from '../application/ports/metrics.ts';
import { Settings } from './settings.ts';

/** What both components stand on: time, logs, metrics, the Kubernetes API, the Images, the lead. */
@Global()
@Module({})
export class PlatformModule {
  static with(settings: Settings): DynamicModule {
    const { component, version, namespace, identity, kubeconfig, logLevel, leaderElect, lease } = settings;
    const source = { component, instance: identity };
    return {
      module: PlatformModule,
      providers: [
        { provide: Settings, useValue: settings },
        { provide: Clock, useClass: SystemClock },
        { provide: Log, useFactory: () => new PinoLog(component, logLevel) },
        { provide: PrometheusMetrics, useFactory: () => new PrometheusMetrics(component, version) },
        { provide: Metrics, useExisting: PrometheusMetrics },
        {
          provide: KubeConnection,
          useFactory: () => KubeConnection.load({ kubeconfig, userAgent: `${component}/${version}` }),
        },
        KubeClient,
        {
          provide: Informers,
          useFactory: (client: KubeClient, log: Log, metrics: Metrics) => new Informers(client, log, metrics),
          inject: [KubeClient, Log, Metrics],
        },
        {
          provide: KubernetesEventRecorder,
          useFactory: (client: KubeClient, clock: Clock, log: Log) =>
            new KubernetesEventRecorder(client, source, clock, log),
          inject: [KubeClient, Clock, Log],
        },
        { provide: EventRecorder, useExisting: KubernetesEventRecorder },
        {
          provide: ImageStore,
          useFactory: (
            client: KubeClient,
            informers: Informers,
            events: EventRecorder,
            log: Log,
            leadership: LeaderElection,
          ) =>
            new KubernetesImageStore(
              client,
              informers.of<RawImage>(IMAGES, { trim: new ImageInterner().trim }),
              component,
              events,
              log,
              leadership,
            ),
          inject: [KubeClient, Informers, EventRecorder, Log, LeaderElection],
        },
        {
          provide: LeaderElection,
          useFactory: (client: KubeClient, log: Log) =>
            leaderElect
              ? new LeaseLeaderElection(client, { namespace, name: lease, identity, fieldManager: component }, log)
              : new SoleReplica(),
          inject: [KubeClient, Log],
        },
      ],
      exports: [
        Settings,
        Clock,
        Log,
        Metrics,
        PrometheusMetrics,
        KubeConnection,
        KubeClient,
        Informers,
        KubernetesEventRecorder,
        EventRecorder,
        ImageStore,
        LeaderElection,
      ],
    };
  }
}
