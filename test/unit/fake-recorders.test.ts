import { eventRecorderContract } from '../contracts/event-recorder.contract.ts';
import { logContract } from '../contracts/log.contract.ts';
import { metricsContract } from '../contracts/metrics.contract.ts';
import { FakeEventRecorder, FakeLog, FakeMetrics } from '../support/fakes/recorders.ts';

eventRecorderContract('FakeEventRecorder', async () => {
  const recorder = new FakeEventRecorder();
  return {
    recorder,
    namespace: 'default',
    seen: async () => recorder.recorded,
    refuse: () => undefined,
    stop: async () => undefined,
  };
});

logContract('FakeLog', () => {
  const log = new FakeLog();
  return { log, lines: () => log.texts, stop: () => undefined };
});

metricsContract('FakeMetrics', () => {
  const metrics = new FakeMetrics();
  const count = (name: string): number => metrics.counts.get(name) ?? 0;
  const counted = (name: string) => ({ total: count(name), failed: count(`${name} failed`) });
  return {
    metrics,
    shown: {
      work: async (work) => ({ ...counted(work), seconds: metrics.seconds.get(work) ?? 0 }),
      registry: async (name) => counted(`registry ${name}`),
      tags: async (name) => metrics.counts.get(`tags of ${name}`),
      watch: async (resource) => metrics.watches.get(resource)?.(),
      workqueue: async (name) => metrics.queues.get(name)?.(),
    },
  };
});
