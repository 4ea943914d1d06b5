import { Module } from '@nestjs/common';
import { Informers } from '../adapters/kubernetes/client/informers.ts';
import { KubeClient } from '../adapters/kubernetes/client/kube-client.ts';
import { IMAGES } from '../adapters/kubernetes/client/resource.ts';
import { ImageInterner } from '../adapters/kubernetes/images/image-interner.ts';
import type { RawImage } from '../adapters/kubernetes/images/image-mapping.ts';
import { KubernetesImageStore } from '../adapters/kubernetes/images/kubernetes-image-store.ts';
import { EventRecorder } from '../application/ports/event-recorder.ts';
import { ImageStore } from '../application/ports/image-store.ts';
import { LeaderElection } from '../application/ports/leadership.ts';
import { Log } from '../application/ports/log.ts';
import { KubernetesModule } from './kubernetes.module.ts';
import { Settings } from './settings.ts';
import { SystemModule } from './system.module.ts';

/** The Images of the cluster. */
@Module({
  imports: [SystemModule, KubernetesModule],
  providers: [
    {
      provide: ImageStore,
      useFactory: (
        client: KubeClient,
        informers: Informers,
        { component }: Settings,
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
      inject: [KubeClient, Informers, Settings, EventRecorder, Log, LeaderElection],
    },
  ],
  exports: [ImageStore],
})
export class ImagesModule {}
