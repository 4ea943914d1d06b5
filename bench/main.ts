// npm run bench -- NAME: measures, and prints as its last line one JSON object with figure, baseline and ratio.
import { benchBurst } from './burst.ts';
import { benchMemory } from './memory.ts';
import { benchPlan } from './plan.ts';
import { benchRefresh } from './refresh.ts';
import { benchRules } from './rules.ts';
import { benchStart } from './start.ts';
import { benchWebhook } from './webhook.ts';

/** What a bench found. `ratio` is figure to baseline where more is better, baseline to figure where less is: higher is better always. */
export interface Finding {
  readonly figure: number;
  readonly baseline: number;
  readonly unit: string;
  /** True where the figure is a cost: bytes, milliseconds. */
  readonly lessIsBetter?: true;
  readonly [detail: string]: unknown;
}

const BENCHES: Readonly<Record<string, (tell: (line: string) => void) => Promise<Finding>>> = {
  burst: benchBurst,
  memory: benchMemory,
  plan: benchPlan,
  refresh: benchRefresh,
  rules: benchRules,
  start: benchStart,
  webhook: benchWebhook,
};

const name = process.argv[2] ?? '';
const bench = BENCHES[name];
if (bench === undefined) {
  console.error(`usage: npm run bench -- NAME, with NAME one of ${Object.keys(BENCHES).join(', ')}`);
  process.exit(2);
}
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(130));
try {
  const { figure, baseline, lessIsBetter, ...rest } = await bench((line) => console.log(line));
  console.log(
    JSON.stringify({
      bench: name,
      figure: round(figure),
      baseline: round(baseline),
      ratio: round(lessIsBetter ? baseline / figure : figure / baseline),
      ...rest,
    }),
  );
  process.exit(0);
} catch (error) {
  console.error(`bench ${name} failed: ${(error as Error).message}`);
  process.exit(1);
}

function round(value: number): number {
  return Number(value.toPrecision(4));
}
