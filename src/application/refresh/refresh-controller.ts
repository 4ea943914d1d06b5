import { Injectable } from '@nestjs/common';
import { Controller } from '../controller/controller.ts';
import { Controllers } from '../controller/controllers.ts';
import { RefreshScheduler } from '../trigger/refresh-scheduler.ts';
import { RefreshImage } from './refresh-image.ts';

/** How the controller works. */
export class RefreshSettings {
  /** @param concurrency how many Images are refreshed at the same time */
  constructor(readonly concurrency: number) {}
}

/** Refreshes Images when their triggers say so. */
@Injectable()
export class RefreshController extends Controller {
  constructor(controllers: Controllers, triggers: RefreshScheduler, refresh: RefreshImage, settings: RefreshSettings) {
    super(controllers, {
      name: 'refresh',
      subject: 'image',
      reconcile: (key, context) => refresh.reconcile(key, context),
      sources: [triggers],
      concurrency: settings.concurrency,
      backoff: { firstMs: 2_000, mostMs: 300_000 },
    });
  }
}
