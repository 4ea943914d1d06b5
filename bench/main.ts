// npm run bench -- NAME: measures, and prints as its last line one JSON object with figure, baseline and ratio.
import { benchRefresh } from './refresh.ts';
import { benchWebhook } from './webhook.ts';

/** What a bench found. `ratio` is figure to baseline where more is better, so that higher is better always. */
export interface Finding {
  readonly figure: number;
  readonly baseline: number;
  readonly unit: string;
  readonly [detail: string]: unknown;
}

const BENCHES: Readonly<Record<string, (tell: (line: string) => void) => Promise<Finding>>> = { refresh: benchRefresh, webhook: benchWebhook };

const name = process.argv[2] ?? '';
const bench = BENCHES[name];
if (bench === undefined) {
  console.error(`usage: npm run bench -- NAME, with NAME one of ${Object.keys(BENCHES).join(', ')}`);
  process.exit(2);
}
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(130));
try {
  const { figure, baseline, ...rest } = await bench((line) => console.log(line));
  console.log(JSON.stringify({ bench: name, figure: round(figure), baseline: round(baseline), ratio: round(figure / baseline), ...rest }));
  process.exit(0);
} catch (error) {
  console.error(`bench ${name} failed: ${(error as Error).message}`);
  process.exit(1);
}

function round(value: number): number {
  return Number(value.toPrecision(4));
}
