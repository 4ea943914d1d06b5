import { Module } from '@nestjs/common';
import { healthEndpoint, metricsEndpoint } from '../adapters/http/probe-endpoints.ts';
import { ProbeServers } from '../adapters/http/probe-servers.ts';
import { PrometheusMetrics } from '../adapters/metrics/prometheus-metrics.ts';
import { Readiness } from '../application/health/readiness.ts';
import { Settings } from './settings.ts';
import { SystemModule } from './system.module.ts';

/** Metrics and health over plain HTTP. */
@Module({
  imports: [SystemModule],
  providers: [
    {
      provide: ProbeServers,
      useFactory: ({ metrics, healthz }: Settings, prometheus: PrometheusMetrics, readiness: Readiness) =>
        new ProbeServers([
          ...(metrics.enabled ? [metricsEndpoint(metrics, () => prometheus.expose())] : []),
          ...(healthz.enabled ? [healthEndpoint(healthz, readiness)] : []),
        ]),
      inject: [Settings, PrometheusMetrics, Readiness],
    },
  ],
})
export class ProbesModule {}
