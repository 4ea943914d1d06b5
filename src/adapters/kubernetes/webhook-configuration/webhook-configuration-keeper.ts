import { isDeepStrictEqual } from 'node:util';
import { Injectable } from '@nestjs/common';
import { DONE, requeue, type Result } from '../../../application/controller/result.ts';
import { Clock } from '../../../application/ports/clock.ts';
import { LeaderElection } from '../../../application/ports/leadership.ts';
import { Log } from '../../../application/ports/log.ts';
import { NamespaceStore } from '../../../application/ports/namespace-store.ts';
import { ServingCertificate } from '../../../application/ports/serving-certificate.ts';
import { excludedNamespaces } from '../../../domain/assignment/scope.ts';
import type { Informer } from '../client/informer.ts';
import { Informers } from '../client/informers.ts';
import { KubeClient } from '../client/kube-client.ts';
import { hasStatus } from '../client/kube-error.ts';
import { apiVersionOf, type KubeObject, MUTATING_WEBHOOK_CONFIGURATIONS } from '../client/resource.ts';
import { writeErrorOf } from '../client/write-error.ts';
import { backoffMs } from '../../../support/backoff.ts';
import { PutBackPace } from './put-back-pace.ts';
import { buildWebhooks, type Webhook, WEBHOOK_CONFIGURATION, type WebhookAddress } from './webhook-configuration.ts';

/** Where the webhook is, and who writes its configuration. */
export class WebhookConfigurationOptions {
  constructor(
    readonly address: WebhookAddress,
    /** Where kimup itself runs. */
    readonly ownNamespace: string,
    readonly fieldManager: string,
  ) {}
}

interface Configuration extends KubeObject {
  readonly webhooks?: readonly unknown[];
}

/** How soon to look again while not everything was seen once, and while this replica does not lead. */
const NOT_SYNCED_MS = 50;
const NO_LEADER_MS = 500;
/** How soon to look again after somebody else wrote first: the watch brings what they wrote within that time. */
const CONFLICT = { firstMs: 500, mostMs: 30_000 };
/** So many conflicts in a row are somebody who writes at the same time; more of them, a watch that brings nothing. */
const SOON_CONFLICTS = 5;

/**
 * Keeps kimup's MutatingWebhookConfiguration as {@link buildWebhooks} wants it: what follows from the namespaces and the
 * certificate, put back when somebody edits or deletes it. Writes only what differs.
 */
@Injectable()
export class WebhookConfigurationKeeper {
  private readonly informer: Informer<Configuration>;
  /** What the API server answered when it was made, until the watch has something to say. */
  private created: Configuration | undefined;
  /** In a row. */
  private conflicts = 0;
  /** What was written last. */
  private written: readonly Webhook[] | undefined;
  private readonly pace = new PutBackPace();

  constructor(
    private readonly client: KubeClient,
    informers: Informers,
    private readonly namespaces: NamespaceStore,
    private readonly certificate: ServingCertificate,
    private readonly clock: Clock,
    private readonly log: Log,
    private readonly options: WebhookConfigurationOptions,
    private readonly leadership: LeaderElection,
  ) {
    // Reviews are answered without it: where it may not be seen, pods must still start.
    this.informer = informers.of<Configuration>(
      MUTATING_WEBHOOK_CONFIGURATIONS,
      { fieldSelector: `metadata.name=${WEBHOOK_CONFIGURATION}` },
      { optional: true },
    );
  }

  /** Calls `changed` whenever something has changed that the configuration follows from, or the configuration itself. */
  subscribe(changed: () => void): void {
    this.namespaces.subscribe({ changed, deleted: changed });
    this.certificate.subscribe(changed);
    const heard = (): void => {
      this.created = undefined;
      changed();
    };
    this.informer.subscribe({ changed: heard, deleted: heard });
  }

  /**
   * Writes the configuration if it is not as it should be.
   * @throws WriteError when the API server refuses it or can't be asked
   */
  async reconcile(): Promise<Result> {
    const authority = this.certificate.current()?.authority;
    // The certificate tells of itself when it comes.
    if (authority === undefined) return DONE;
    if (!this.informer.synced() || !this.namespaces.synced()) return requeue(NOT_SYNCED_MS);
    const webhooks = buildWebhooks({
      namespaces: this.namespaces.list(),
      excluded: excludedNamespaces(this.options.ownNamespace),
      address: this.options.address,
      authority,
    });
    if (isDeepStrictEqual(this.present()?.webhooks, webhooks)) return DONE;
    // A replica that was frozen and has lost the lead is about to be stopped, and must not write what it knew before.
    if (!this.leadership.isLeader()) return requeue(NO_LEADER_MS);
    const putBack = isDeepStrictEqual(this.written, webhooks);
    const waitMs = putBack ? this.pace.waitMs(this.clock.now()) : 0;
    if (waitMs > 0) return requeue(waitMs);
    if (!(await this.write(webhooks)))
      return requeue(backoffMs(CONFLICT, Math.max(1, ++this.conflicts - SOON_CONFLICTS)));
    this.conflicts = 0;
    this.tell(webhooks, putBack);
    this.written = webhooks;
    return DONE;
  }

  private present(): Configuration | undefined {
    return this.informer.get(undefined, WEBHOOK_CONFIGURATION) ?? this.created;
  }

  private tell(webhooks: readonly Webhook[], putBack: boolean): void {
    const what = `the MutatingWebhookConfiguration ${WEBHOOK_CONFIGURATION}`;
    if (putBack)
      this.log.warn(`${what} was changed or deleted by someone else; restoring it`, {
        times: this.pace.putBack(this.clock.now()),
      });
    else this.log.info(`${what} is written`, { entries: webhooks.map(({ name }) => name) });
  }

  /** @returns whether it is written: not where it changed meanwhile, was deleted or was recreated, and has to be read again */
  private async write(webhooks: readonly Webhook[]): Promise<boolean> {
    try {
      if (!(await this.patch(webhooks))) this.created = await this.create(webhooks);
      return true;
    } catch (cause) {
      const error = writeErrorOf(cause);
      if (error.consequence !== 'gone' && error.consequence !== 'conflict') throw error;
      this.log.debug(
        `the MutatingWebhookConfiguration ${WEBHOOK_CONFIGURATION} has changed meanwhile; reading it again`,
        {
          error,
        },
      );
      return false;
    }
  }

  /**
   * One request: the list of a merge patch replaces the whole list, with all that others put in there. Uid and version keep it
   * from what was not seen: another leader's write, or another configuration of the same name.
   * @returns whether there is one to patch
   */
  private async patch(webhooks: readonly Webhook[]): Promise<boolean> {
    const present = this.present();
    if (present === undefined) return false;
    const { uid, resourceVersion } = present.metadata ?? {};
    try {
      const answer = await this.client.mergePatch<Configuration>(
        MUTATING_WEBHOOK_CONFIGURATIONS,
        { name: WEBHOOK_CONFIGURATION },
        { metadata: { uid, resourceVersion }, webhooks },
        this.options.fieldManager,
        () => this.leadership.isLeader(),
      );
      if (this.created !== undefined) this.created = answer;
      this.informer.observe(answer);
      return true;
    } catch (error) {
      if (!hasStatus(error, 404) || !this.leadership.isLeader()) throw error;
      return false;
    }
  }

  private create(webhooks: readonly Webhook[]): Promise<Configuration> {
    const { kind } = MUTATING_WEBHOOK_CONFIGURATIONS;
    const metadata = {
      name: WEBHOOK_CONFIGURATION,
      labels: { 'app.kubernetes.io/name': 'kimup', 'app.kubernetes.io/managed-by': 'kimup-operator' },
    };
    return this.client.create<Configuration>(
      MUTATING_WEBHOOK_CONFIGURATIONS,
      {},
      { apiVersion: apiVersionOf(MUTATING_WEBHOOK_CONFIGURATIONS), kind, metadata, webhooks },
      this.options.fieldManager,
    );
  }
}
