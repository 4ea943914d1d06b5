import { Injectable } from '@nestjs/common';
import { Controller } from '../controller/controller.ts';
import { Controllers } from '../controller/controllers.ts';
import { ImageIndex } from '../images/image-index.ts';
import { ImageStore } from '../ports/image-store.ts';
import { NamespaceStore } from '../ports/namespace-store.ts';
import { WorkloadRoller } from '../ports/workload-roller.ts';
import { RollOutImage } from './roll-out-image.ts';
import { RolloutSettings } from './rollout-settings.ts';
import { imageChanges, namespaceChanges, workloadChanges } from './rollout-sources.ts';

/** Rolls Images out: a change of an Image, a workload or a namespace is a key to look at. */
@Injectable()
export class RolloutController extends Controller {
  constructor(
    controllers: Controllers,
    images: ImageStore,
    index: ImageIndex,
    roller: WorkloadRoller,
    namespaces: NamespaceStore,
    rollOut: RollOutImage,
    settings: RolloutSettings,
  ) {
    super(controllers, {
      name: 'rollout',
      subject: 'image',
      starting: () => rollOut.forget(),
      reconcile: (key) => rollOut.reconcile(key),
      sources: [
        imageChanges(images, index),
        workloadChanges(images, index, roller),
        namespaceChanges(images, namespaces),
      ],
      concurrency: settings.concurrency,
      backoff: { firstMs: 500, mostMs: 60_000 },
      expected: ['postponed', 'conflict', 'retry'],
    });
  }
}
