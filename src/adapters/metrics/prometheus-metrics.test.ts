import { describe, expect, it } from 'vitest';
import { metricsContract } from '../../../test/contracts/metrics.contract.ts';
import { PrometheusMetrics } from './prometheus-metrics.ts';

/** The samples of kimup's own metrics that begin with `prefix`. */
async function samples(metrics: PrometheusMetrics, prefix: string): Promise<string[]> {
  return (await metrics.expose()).text.split('\n').filter((line) => line.startsWith(prefix));
}

/** The value of a sample, given as `NAME{LABELS}`; `undefined` where it is not exposed. */
async function sample(metrics: PrometheusMetrics, which: string): Promise<number | undefined> {
  const [line] = await samples(metrics, `${which} `);
  return line === undefined ? undefined : Number(line.slice(which.length + 1));
}

metricsContract('PrometheusMetrics', () => {
  const metrics = new PrometheusMetrics('kimup-controller', '1');
  const count = async (which: string): Promise<number> => (await sample(metrics, which)) ?? 0;
  return {
    metrics,
    shown: {
      work: async (work) => ({
        total: await count(`kimup_${work}_total`),
        failed: await count(`kimup_${work === 'events_triggered' ? 'events_triggerd' : work}_error_total`),
        seconds: await count(`kimup_${work}_duration_sum`),
      }),
      registry: async (name) => ({
        total: await count(`kimup_registry_request_total{registry_name="${name}"}`),
        failed: await count(`kimup_registry_request_error_total{registry_name="${name}"}`),
      }),
      tags: (name) => sample(metrics, `kimup_tags_available_sum{quantile="0.99",image_name="${name}"}`),
      watch: (resource) => sample(metrics, `kimup_watch_down_seconds{resource="${resource}"}`),
      workqueue: async (name) => {
        const depth = await sample(metrics, `kimup_workqueue_depth{name="${name}"}`);
        if (depth === undefined) return undefined;
        return {
          depth,
          inFlight: await count(`kimup_workqueue_in_flight{name="${name}"}`),
          retries: await count(`kimup_workqueue_retries_total{name="${name}"}`),
          oldestSeconds: await count(`kimup_workqueue_oldest_seconds{name="${name}"}`),
        };
      },
    },
  };
});

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
