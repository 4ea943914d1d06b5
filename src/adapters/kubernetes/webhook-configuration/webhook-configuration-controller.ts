import { Injectable } from '@nestjs/common';
import { Controller } from '../../../application/controller/controller.ts';
import { Controllers } from '../../../application/controller/controllers.ts';
import { Subscription } from '../../../application/controller/source.ts';
import { WEBHOOK_CONFIGURATION } from './webhook-configuration.ts';
import { WebhookConfigurationKeeper } from './webhook-configuration-keeper.ts';

/** Changes that come together (a manifest with many namespaces) are one write. */
const COALESCE_MS = 50;

/** Keeps the webhook's configuration: one object, so one key. */
@Injectable()
export class WebhookConfigurationController extends Controller {
  constructor(controllers: Controllers, keeper: WebhookConfigurationKeeper) {
    super(controllers, {
      name: 'webhook-configuration',
      subject: 'configuration',
      reconcile: () => keeper.reconcile(),
      sources: [
        new Subscription({
          keys: () => [WEBHOOK_CONFIGURATION],
          subscribe: (enqueue) => keeper.subscribe(() => enqueue(WEBHOOK_CONFIGURATION, { afterMs: COALESCE_MS })),
        }),
      ],
      failureMessage: `the MutatingWebhookConfiguration ${WEBHOOK_CONFIGURATION} could not be written, so pods may start without their tag; retrying`,
      concurrency: 1,
      backoff: { firstMs: 500, mostMs: 30_000 },
    });
  }
}
