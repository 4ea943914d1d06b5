import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../../../application/ports/clock.ts';
import type { LeaderElection } from '../../../application/ports/leadership.ts';
import type { Log } from '../../../application/ports/log.ts';
import type { NamespaceStore } from '../../../application/ports/namespace-store.ts';
import type { ServingCertificate } from '../../../application/ports/serving-certificate.ts';
import { excludedNamespaces } from '../../../domain/assignment/scope.ts';
import { Informer } from '../client/informer.ts';
import type { KubeClient } from '../client/kube-client.ts';
import { hasStatus } from '../client/kube-error.ts';
import { apiVersionOf, type KubeObject, MUTATING_WEBHOOK_CONFIGURATIONS } from '../client/resource.ts';
import { buildWebhooks, type Webhook, WEBHOOK_CONFIGURATION, type WebhookAddress } from './webhook-configuration.ts';

export interface WebhookConfigurationOptions {
  readonly address: WebhookAddress;
  /** Where kimup itself runs. */
  readonly ownNamespace: string;
  readonly fieldManager: string;
}

interface Configuration extends KubeObject {
  readonly webhooks?: readonly unknown[];
}

/** Changes that come together (a manifest with many namespaces) are one write. */
const COALESCE_MS = 50;
/** Somebody who changes the configuration back time and again is not fought at full speed. */
const PUT_BACK_MS = { first: 100, most: 30_000, forgottenAfter: 60_000 };
const RETRY_MS = { first: 500, most: 30_000 };

/**
 * Keeps kimup's MutatingWebhookConfiguration as {@link buildWebhooks} wants it: follows the namespaces and the certificate,
 * and puts it back when somebody edits or deletes it. Writes only what differs, and only between `start` and `stop`,
 * which is while this replica leads.
 */
export class WebhookConfigurationKeeper {
  #informer: Informer<Configuration> | undefined;
  #present: Configuration | undefined;
  /** What wakes us next, and when; an earlier one takes its place. */
  #timer: { readonly at: number; readonly cancel: () => void } | undefined;
  #working: Promise<void> | undefined;
  #written: readonly Webhook[] | undefined;
  #putBacks = 0;
  #lastPutBack = 0;
  #failures = 0;

  constructor(
    private readonly client: KubeClient,
    private readonly namespaces: NamespaceStore,
    private readonly certificate: ServingCertificate,
    private readonly clock: Clock,
    private readonly log: Log,
    private readonly options: WebhookConfigurationOptions,
    private readonly leadership: Pick<LeaderElection, 'isLeader'>,
  ) {
    const wake = (): void => this.#wake(COALESCE_MS);
    namespaces.subscribe({ changed: wake, deleted: wake });
    certificate.subscribe(wake);
  }

  start(): void {
    if (this.#informer !== undefined) return;
    const informer = new Informer<Configuration>(this.client, MUTATING_WEBHOOK_CONFIGURATIONS, {
      fieldSelector: `metadata.name=${WEBHOOK_CONFIGURATION}`,
      log: this.log,
    });
    this.#informer = informer;
    this.#present = undefined;
    informer.subscribe({
      changed: (now) => {
        this.#see(now);
      },
      deleted: () => {
        this.#see(undefined);
      },
    });
    informer.start();
    informer.whenSynced().then(
      () => this.#wake(0),
      () => undefined,
    );
  }

  /** Ends when nothing is being written any more. */
  async stop(): Promise<void> {
    const informer = this.#informer;
    this.#informer = undefined;
    this.#timer?.cancel();
    this.#timer = undefined;
    await Promise.all([informer?.stop(), this.#working]);
  }

  #see(configuration: Configuration | undefined): void {
    this.#present = configuration;
    this.#wake(COALESCE_MS);
  }

  #wake(delayMs: number): void {
    const at = this.clock.now() + delayMs;
    if (this.#informer === undefined || (this.#timer !== undefined && this.#timer.at <= at)) return;
    this.#timer?.cancel();
    const cancel = this.clock.after(delayMs, () => {
      this.#timer = undefined;
      this.#working = (this.#working ?? Promise.resolve()).then(() => this.#keep());
    });
    this.#timer = { at, cancel };
  }

  async #keep(): Promise<void> {
    const authority = this.certificate.current()?.authority;
    // What is missing wakes us when it comes: the certificate by itself, the others with the first thing seen.
    if (this.#informer === undefined || authority === undefined || !this.#informer.synced()) return;
    if (!this.namespaces.synced()) return this.#wake(COALESCE_MS);
    const webhooks = buildWebhooks({
      namespaces: this.namespaces.list(),
      excluded: excludedNamespaces(this.options.ownNamespace),
      address: this.options.address,
      authority,
    });
    if (isDeepStrictEqual(this.#present?.webhooks, webhooks)) return;
    // A replica that was frozen and has lost the lead is about to be stopped, and must not write what it knew before.
    if (!this.leadership.isLeader()) return this.#wake(RETRY_MS.first);
    const putBack = isDeepStrictEqual(this.#written, webhooks);
    const waitMs = putBack ? this.#pace() : 0;
    if (waitMs > 0) return this.#wake(waitMs);
    try {
      this.#present = await this.#write(webhooks);
      this.#failures = 0;
      if (putBack) {
        this.#putBacks++;
        this.#lastPutBack = this.clock.now();
        this.log.warn(
          `the MutatingWebhookConfiguration ${WEBHOOK_CONFIGURATION} was changed or deleted by somebody else and is put back`,
          { times: this.#putBacks },
        );
      } else {
        this.log.info(`the MutatingWebhookConfiguration ${WEBHOOK_CONFIGURATION} is written`, {
          entries: webhooks.map(({ name }) => name),
        });
      }
      this.#written = webhooks;
    } catch (error) {
      // It changed since it was seen; the watch brings it.
      if (hasStatus(error, 409)) return this.#wake(RETRY_MS.first);
      const retryMs = Math.min(RETRY_MS.most, RETRY_MS.first * 2 ** this.#failures++);
      this.log.error(
        `the MutatingWebhookConfiguration ${WEBHOOK_CONFIGURATION} could not be written, so pods may start without their tag`,
        { error: (error as Error).message, retryMs },
      );
      this.#wake(retryMs);
    }
  }

  /** How long the next putting back has to wait yet. */
  #pace(): number {
    const since = this.clock.now() - this.#lastPutBack;
    if (since > PUT_BACK_MS.forgottenAfter) this.#putBacks = 0;
    return this.#putBacks === 0
      ? 0
      : Math.max(0, Math.min(PUT_BACK_MS.most, PUT_BACK_MS.first * 2 ** this.#putBacks) - since);
  }

  /** Keeps a write from what was not seen: another leader's, or another configuration of the same name. */
  #guard({ metadata: { uid, resourceVersion } = {} }: Configuration): object {
    return { metadata: { uid, resourceVersion } };
  }

  /** One request: the list of a merge patch replaces the whole list, with all that others put in there. */
  async #write(webhooks: readonly Webhook[]): Promise<Configuration> {
    const { fieldManager } = this.options;
    const at = { name: WEBHOOK_CONFIGURATION };
    try {
      if (this.#present !== undefined)
        return await this.client.mergePatch<Configuration>(
          MUTATING_WEBHOOK_CONFIGURATIONS,
          at,
          { ...this.#guard(this.#present), webhooks },
          fieldManager,
          () => this.leadership.isLeader(),
        );
    } catch (error) {
      if (!hasStatus(error, 404) || !this.leadership.isLeader()) throw error;
    }
    const { kind } = MUTATING_WEBHOOK_CONFIGURATIONS;
    const metadata = {
      ...at,
      labels: { 'app.kubernetes.io/name': 'kimup', 'app.kubernetes.io/managed-by': 'kimup-operator' },
    };
    return this.client.create<Configuration>(
      MUTATING_WEBHOOK_CONFIGURATIONS,
      {},
      { apiVersion: apiVersionOf(MUTATING_WEBHOOK_CONFIGURATIONS), kind, metadata, webhooks },
      fieldManager,
    );
  }
}
