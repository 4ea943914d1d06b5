import { Module } from '@nestjs/common';
import { SystemClock } from '../adapters/clock/system-clock.ts';
import { PrometheusMetrics } from '../adapters/metrics/prometheus-metrics.ts';
import { PinoLog } from '../adapters/log/pino-log.ts';
import { Readiness } from '../application/health/readiness.ts';
import { Clock } from '../application/ports/clock.ts';
import { Log } from '../application/ports/log.ts';
import { Metrics } from '../application/ports/metrics.ts';
import { Settings } from './settings.ts';

/** What everything stands on: time, logs, metrics, readiness. */
@Module({
  providers: [
    { provide: Clock, useClass: SystemClock },
    {
      provide: Log,
      useFactory: ({ component, logLevel }: Settings) => new PinoLog(component, logLevel),
      inject: [Settings],
    },
    {
      provide: PrometheusMetrics,
      useFactory: ({ component, version }: Settings) => new PrometheusMetrics(component, version),
      inject: [Settings],
    },
    { provide: Metrics, useExisting: PrometheusMetrics },
    Readiness,
  ],
  exports: [Clock, Log, PrometheusMetrics, Metrics, Readiness],
})
export class SystemModule {}
