import { describe, expect, it } from 'vitest';
import { PrometheusMetrics } from './prometheus-metrics.ts';

/** The samples of kimup's own metrics that begin with `prefix`. */
async function samples(metrics: PrometheusMetrics, prefix: string): Promise<string[]> {
  return (await metrics.expose()).text.split('\n').filter((line) => line.startsWith(prefix));
}

describe('PrometheusMetrics', () => {
  it('tells for how long each watch is down, when it is asked', async () => {
    const metrics = new PrometheusMetrics('kimup-operator', '1');
    let down = 0;
    metrics.watch('images', () => down);
    metrics.watch('workloads', () => 0);
    expect(await samples(metrics, 'kimup_watch')).toEqual([
      'kimup_watch_down_seconds{resource="images"} 0',
      'kimup_watch_down_seconds{resource="workloads"} 0',
    ]);
    down = 42.5;
    expect(await samples(metrics, 'kimup_watch_down_seconds{resource="images"}')).toEqual([
      'kimup_watch_down_seconds{resource="images"} 42.5',
    ]);
  });

  it('tells how each queue is doing, when it is asked', async () => {
    const metrics = new PrometheusMetrics('kimup-controller', '1');
    let retries = 3;
    metrics.workqueue('refresh', () => ({ depth: 7, inFlight: 2, retries, oldestSeconds: 1.5 }));
    await metrics.expose();
    retries = 4;
    expect(await samples(metrics, 'kimup_workqueue')).toEqual([
      'kimup_workqueue_depth{name="refresh"} 7',
      'kimup_workqueue_in_flight{name="refresh"} 2',
      'kimup_workqueue_oldest_seconds{name="refresh"} 1.5',
      'kimup_workqueue_retries_total{name="refresh"} 4',
    ]);
  });
});
