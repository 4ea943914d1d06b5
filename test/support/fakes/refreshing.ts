import { ActionCatalogue } from '../../../src/application/action/action-catalogue.ts';
import { Explanations } from '../../../src/application/decision/explanations.ts';
import type { EventRecorder } from '../../../src/application/ports/event-recorder.ts';
import type { ImageStore } from '../../../src/application/ports/image-store.ts';
import type { Metrics } from '../../../src/application/ports/metrics.ts';
import type { SecretReader } from '../../../src/application/ports/secret-reader.ts';
import type { TagRegistry } from '../../../src/application/ports/tag-registry.ts';
import { RuleCache } from '../../../src/application/images/rule-cache.ts';
import { FindUpdate } from '../../../src/application/refresh/find-update.ts';
import { RefreshReport } from '../../../src/application/refresh/refresh-report.ts';
import { RefreshImage } from '../../../src/application/refresh/refresh-image.ts';
import { SharedTagLists } from '../../../src/application/refresh/shared-tag-lists.ts';
import { RefreshScheduler } from '../../../src/application/trigger/refresh-scheduler.ts';
import { FakeAlarm } from './fake-alarm.ts';
import type { FakeClock } from './fake-clock.ts';
import { FakeCrontab } from './fake-crontab.ts';
import { FakeSecretReader } from './fake-secret-reader.ts';
import { FakeEventRecorder, FakeLog, FakeMetrics } from './recorders.ts';

/** What a test holds of a controller that refreshes Images; of the rest it gets a fake. */
export interface RefreshingParts {
  readonly images: ImageStore;
  readonly registry: TagRegistry;
  readonly clock: FakeClock;
  readonly secrets?: SecretReader;
  readonly events?: EventRecorder;
  readonly metrics?: Metrics;
}

/** The use case of a controller that has just started; its triggers run. */
export function startRefreshing({
  images,
  registry,
  clock,
  secrets = new FakeSecretReader(),
  events = new FakeEventRecorder(),
  metrics = new FakeMetrics(),
}: RefreshingParts): RefreshImage {
  const triggers = new RefreshScheduler(images, new FakeCrontab(), new FakeAlarm(clock), clock);
  const lists = new SharedTagLists(registry, clock);
  const log = new FakeLog();
  const updates = new FindUpdate(
    lists,
    secrets,
    metrics,
    clock,
    new RuleCache(),
    new ActionCatalogue(),
    new Explanations(),
  );
  const reports = new RefreshReport(events, metrics, log);
  const refreshImage = new RefreshImage(images, triggers, updates, reports, metrics, clock, log);
  triggers.start(() => {});
  return refreshImage;
}
