import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry, Summary } from 'prom-client';
import { Metrics, type QueueFacts, type Work } from '../../application/ports/metrics.ts';

/** From half a millisecond (a pod review) to half a minute (a slow registry). */
const BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** The contract's spelling of each error counter; one of them has a slip of the pen that dashboards rely on. */
const WORK: Readonly<Record<Work, { readonly errors: string; readonly help: string }>> = {
  actions_executed: { errors: 'kimup_actions_executed_error_total', help: 'actions' },
  events_triggered: { errors: 'kimup_events_triggerd_error_total', help: 'refreshes' },
  mutator_request: { errors: 'kimup_mutator_request_error_total', help: 'admission reviews' },
  mutator_patch: { errors: 'kimup_mutator_patch_error_total', help: 'patches for pods' },
  rules_evaluated: { errors: 'kimup_rules_evaluated_error_total', help: 'rule evaluations' },
  tags_request: { errors: 'kimup_tags_request_error_total', help: 'tag list requests' },
};

/** How often something was done, how often it failed, and how long it took. */
interface Instruments<L extends string = string> {
  readonly total: Counter<L>;
  readonly errors: Counter<L>;
  readonly duration: Histogram<L>;
}

/** The metrics of docs/reference/metrics.md, kept by prom-client in a registry of their own. */
export class PrometheusMetrics extends Metrics {
  private readonly registry = new Registry();
  private readonly work: ReadonlyMap<Work, Instruments>;
  private readonly registryRequests: Instruments<'registry_name'>;
  private readonly tags: Summary<'image_name'>;

  private readonly watches = new Map<string, () => number>();
  private readonly queues = new Map<string, () => QueueFacts>();

  private readonly registryNames = new LabelValues(200);
  private readonly imageNames = new LabelValues(20_000);

  constructor(component: string, version: string) {
    super();
    const registers = [this.registry];
    collectDefaultMetrics({ register: this.registry });
    new Gauge({
      name: 'kimup_build_info',
      help: 'Always 1; the labels say what runs.',
      labelNames: ['component', 'version'],
      registers,
    }).set({ component, version }, 1);
    this.work = workInstruments(this.registry);
    this.registryRequests = registryInstruments(this.registry);
    this.tags = new Summary({
      name: 'kimup_tags_available_sum',
      help: 'Number of tags that the repository of an Image has.',
      labelNames: ['image_name'],
      registers,
      maxAgeSeconds: 3600,
      ageBuckets: 2,
      percentiles: [0.5, 0.99],
    });
    registerWatches(this.registry, this.watches);
    registerQueues(this.registry, this.queues);
  }

  done(work: Work, seconds: number, failed: boolean): void {
    const instruments = this.work.get(work)!;
    instruments.total.inc();
    if (failed) instruments.errors.inc();
    instruments.duration.observe(seconds);
  }

  registryRequest(registryName: string, seconds: number, failed: boolean): void {
    const labels = { registry_name: this.registryNames.known(registryName) };
    const { total, errors, duration } = this.registryRequests;
    total.inc(labels);
    if (failed) errors.inc(labels);
    duration.observe(labels, seconds);
  }

  tagsAvailable(imageName: string, count: number): void {
    this.tags.observe({ image_name: this.imageNames.known(imageName) }, count);
  }

  watch(resource: string, downSeconds: () => number): void {
    this.watches.set(resource, downSeconds);
  }

  workqueue(name: string, facts: () => QueueFacts): void {
    this.queues.set(name, facts);
  }

  /** The text that Prometheus scrapes, and its content type. */
  async expose(): Promise<{ readonly contentType: string; readonly text: string }> {
    return { contentType: this.registry.contentType, text: await this.registry.metrics() };
  }
}

function workInstruments(registry: Registry): ReadonlyMap<Work, Instruments> {
  const registers = [registry];
  return new Map(
    (Object.entries(WORK) as Array<[Work, (typeof WORK)[Work]]>).map(([work, { errors, help }]) => [
      work,
      {
        total: new Counter({ name: `kimup_${work}_total`, help: `Number of ${help}.`, registers }),
        errors: new Counter({ name: errors, help: `Number of ${help} that failed.`, registers }),
        duration: new Histogram({
          name: `kimup_${work}_duration`,
          help: `Duration in seconds of ${help}.`,
          buckets: BUCKETS,
          registers,
        }),
      },
    ]),
  );
}

function registryInstruments(registry: Registry): Instruments<'registry_name'> {
  const name = 'kimup_registry_request';
  const help = 'requests to registries';
  const labelNames = ['registry_name'] as const;
  const registers = [registry];
  return {
    total: new Counter({ name: `${name}_total`, help: `Number of ${help}.`, labelNames, registers }),
    errors: new Counter({ name: `${name}_error_total`, help: `Number of ${help} that failed.`, labelNames, registers }),
    duration: new Histogram({
      name: `${name}_duration`,
      help: `Duration in seconds of ${help}.`,
      labelNames,
      buckets: BUCKETS,
      registers,
    }),
  };
}

/** Asked for when Prometheus scrapes. */
function registerWatches(registry: Registry, watches: ReadonlyMap<string, () => number>): void {
  registry.registerMetric(
    new Gauge({
      name: 'kimup_watch_down_seconds',
      help: 'Seconds for which the watch of a resource has been down; 0 while it works.',
      labelNames: ['resource'],
      registers: [],
      collect() {
        for (const [resource, downSeconds] of watches) this.set({ resource }, downSeconds());
      },
    }),
  );
}

/** Asked for when Prometheus scrapes. */
function registerQueues(registry: Registry, queues: ReadonlyMap<string, () => QueueFacts>): void {
  const labelNames = ['name'] as const;
  const gauge = (name: string, help: string, read: (facts: QueueFacts) => number): void => {
    registry.registerMetric(
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
  gauge('kimup_workqueue_depth', 'Number of objects waiting in the queue.', ({ depth }) => depth);
  gauge('kimup_workqueue_in_flight', 'Number of objects being processed.', ({ inFlight }) => inFlight);
  gauge(
    'kimup_workqueue_oldest_seconds',
    'Seconds that the oldest object in the queue has waited; 0 if the queue is empty.',
    ({ oldestSeconds }) => oldestSeconds,
  );
  registry.registerMetric(
    new Counter({
      name: 'kimup_workqueue_retries_total',
      help: 'Number of retries after a failure.',
      labelNames,
      registers: [],
      collect() {
        this.reset();
        for (const [queue, facts] of queues) this.inc({ name: queue }, facts().retries);
      },
    }),
  );
}

/** Values of a label that users write: as many as are kept apart, so that nobody can make the metrics grow without end. */
class LabelValues {
  private readonly values = new Set<string>();

  constructor(private readonly most: number) {}

  /** The value itself, or `other` where there are too many already. */
  known(value: string): string {
    if (!this.values.has(value)) {
      if (this.values.size >= this.most) return 'other';
      this.values.add(value);
    }
    return value;
  }
}
