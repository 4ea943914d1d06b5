import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry, Summary } from 'prom-client';
import { Metrics, type QueueFacts, type Work } from '../../application/ports/metrics.ts';

/** From half a millisecond (a pod review) to half a minute (a slow registry). */
const BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** The contract's spelling of each error counter; one of them has a slip of the pen that dashboards rely on. */
const WORK: Readonly<Record<Work, { readonly errors: string; readonly help: string }>> = {
  actions_executed: { errors: 'kimup_actions_executed_error_total', help: 'actions executed' },
  events_triggered: { errors: 'kimup_events_triggerd_error_total', help: 'refreshes triggered' },
  mutator_request: { errors: 'kimup_mutator_request_error_total', help: 'admission reviews answered' },
  mutator_patch: { errors: 'kimup_mutator_patch_error_total', help: 'patches made for pods' },
  rules_evaluated: { errors: 'kimup_rules_evaluated_error_total', help: 'rules evaluated' },
  tags_request: { errors: 'kimup_tags_request_error_total', help: 'tag lists asked for' },
};

interface Instruments {
  readonly total: Counter;
  readonly errors: Counter;
  readonly duration: Histogram;
}

/** The metrics of docs/reference/metrics.md, kept by prom-client in a registry of their own. */
export class PrometheusMetrics extends Metrics {
  readonly #registry = new Registry();
  readonly #work = new Map<Work, Instruments>();
  readonly #registryTotal: Counter<'registry_name'>;
  readonly #registryErrors: Counter<'registry_name'>;
  readonly #registryDuration: Histogram<'registry_name'>;
  readonly #tags: Summary<'image_name'>;

  readonly #watches = new Map<string, () => number>();
  readonly #queues = new Map<string, () => QueueFacts>();

  readonly #registryNames = new LabelValues(200);
  readonly #imageNames = new LabelValues(20_000);

  constructor(component: string, version: string) {
    super();
    const registers = [this.#registry];
    collectDefaultMetrics({ register: this.#registry });
    new Gauge({
      name: 'kimup_build_info',
      help: 'Always 1; the labels say what runs.',
      labelNames: ['component', 'version'],
      registers,
    }).set({ component, version }, 1);
    for (const [work, { errors, help }] of Object.entries(WORK) as Array<[Work, (typeof WORK)[Work]]>) {
      this.#work.set(work, {
        total: new Counter({ name: `kimup_${work}_total`, help: `Number of ${help}.`, registers }),
        errors: new Counter({ name: errors, help: `Number of ${help} that failed.`, registers }),
        duration: new Histogram({
          name: `kimup_${work}_duration`,
          help: `Seconds taken: ${help}.`,
          buckets: BUCKETS,
          registers,
        }),
      });
    }
    const labelNames = ['registry_name'] as const;
    this.#registryTotal = new Counter({
      name: 'kimup_registry_request_total',
      help: 'Number of requests to registries.',
      labelNames,
      registers,
    });
    this.#registryErrors = new Counter({
      name: 'kimup_registry_request_error_total',
      help: 'Number of requests to registries that failed.',
      labelNames,
      registers,
    });
    this.#registryDuration = new Histogram({
      name: 'kimup_registry_request_duration',
      help: 'Seconds taken: requests to registries.',
      labelNames,
      buckets: BUCKETS,
      registers,
    });
    this.#tags = new Summary({
      name: 'kimup_tags_available_sum',
      help: 'Number of tags that the repository of an Image has.',
      labelNames: ['image_name'],
      registers,
      maxAgeSeconds: 3600,
      ageBuckets: 2,
      percentiles: [0.5, 0.99],
    });
    this.#registerAsked();
  }

  /** What is asked for when Prometheus scrapes. */
  #registerAsked(): void {
    const watches = this.#watches;
    this.#registry.registerMetric(
      new Gauge({
        name: 'kimup_watch_down_seconds',
        help: 'For how long the changes of a resource have not come through from the API server; 0 while they do.',
        labelNames: ['resource'],
        registers: [],
        collect() {
          for (const [resource, downSeconds] of watches) this.set({ resource }, downSeconds());
        },
      }),
    );
    const queues = this.#queues;
    const labelNames = ['name'] as const;
    const gauge = (name: string, help: string, read: (facts: QueueFacts) => number): void => {
      this.#registry.registerMetric(
        new Gauge({
          name,
          help,
          labelNames,
          registers: [],
          collect() {
            for (const [queue, facts] of queues) this.set({ name: queue }, read(facts()));
          },
        }),
      );
    };
    gauge('kimup_workqueue_depth', 'Number of Images that wait to be worked on.', ({ depth }) => depth);
    gauge('kimup_workqueue_in_flight', 'Number of Images that are being worked on.', ({ inFlight }) => inFlight);
    gauge(
      'kimup_workqueue_oldest_seconds',
      'How long the Image that waits longest has waited; 0 where none waits.',
      ({ oldestSeconds }) => oldestSeconds,
    );
    this.#registry.registerMetric(
      new Counter({
        name: 'kimup_workqueue_retries_total',
        help: 'Number of times that work was tried again after a failure.',
        labelNames,
        registers: [],
        collect() {
          this.reset();
          for (const [queue, facts] of queues) this.inc({ name: queue }, facts().retries);
        },
      }),
    );
  }

  done(work: Work, seconds: number, failed: boolean): void {
    const instruments = this.#work.get(work)!;
    instruments.total.inc();
    if (failed) instruments.errors.inc();
    instruments.duration.observe(seconds);
  }

  registryRequest(registryName: string, seconds: number, failed: boolean): void {
    const labels = { registry_name: this.#registryNames.known(registryName) };
    this.#registryTotal.inc(labels);
    if (failed) this.#registryErrors.inc(labels);
    this.#registryDuration.observe(labels, seconds);
  }

  tagsAvailable(imageName: string, count: number): void {
    this.#tags.observe({ image_name: this.#imageNames.known(imageName) }, count);
  }

  watch(resource: string, downSeconds: () => number): void {
    this.#watches.set(resource, downSeconds);
  }

  workqueue(name: string, facts: () => QueueFacts): void {
    this.#queues.set(name, facts);
  }

  /** The text that Prometheus scrapes, and its content type. */
  async expose(): Promise<{ readonly contentType: string; readonly text: string }> {
    return { contentType: this.#registry.contentType, text: await this.#registry.metrics() };
  }
}

/** Values of a label that users write: as many as are kept apart, so that nobody can make the metrics grow without end. */
class LabelValues {
  readonly #known = new Set<string>();

  constructor(private readonly most: number) {}

  /** The value itself, or `other` where there are too many already. */
  known(value: string): string {
    if (!this.#known.has(value)) {
      if (this.#known.size >= this.most) return 'other';
      this.#known.add(value);
    }
    return value;
  }
}
