import { metricsContract } from '../../../test/contracts/metrics.contract.ts';
import { NoMetrics } from './no-metrics.ts';

metricsContract('NoMetrics', () => ({ metrics: new NoMetrics() }));
