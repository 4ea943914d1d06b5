import { Metrics } from '../../application/ports/metrics.ts';

/** For a program that nobody scrapes. */
export class NoMetrics extends Metrics {
  override done(): void {}
  override registryRequest(): void {}
  override tagsAvailable(): void {}
  override watch(): void {}
  override workqueue(): void {}
}
