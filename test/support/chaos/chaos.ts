// What a cluster can do to kimup, and that it comes to the same end: short in `npm test`, long in `npm run test:long`.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { apiServerFails } from './api-server-failures.ts';
import { ChaosRun, type ChaosSize } from './chaos-run.ts';
import { leadIsHandedOver } from './lead-handover.ts';
import { leadIsLost } from './lead-loss.ts';
import { randomKills } from './random-kills.ts';

/** All the tests, on one world. */
export function chaos(size: ChaosSize): void {
  const run = new ChaosRun(size);
  beforeAll(() => run.start());
  afterAll(() => run.stop());
  afterEach(({ task }) => run.restore(task.result?.state === 'fail'));

  it('nothing happens: one move, and the end that all paths have', () => nothingHappens(run));
  describe('the lead', () => {
    leadIsHandedOver(run);
    leadIsLost(run);
  });
  describe('the API server', () => {
    apiServerFails(run);
  });
  describe('killed at a random moment of the path', () => {
    randomKills(run);
  });
}

async function nothingHappens(run: ChaosRun): Promise<void> {
  const { world } = run;
  const app = await world.app('calm');
  const begun = Date.now();
  await world.begin(app);
  await world.ends(app);
  run.pathMs = Date.now() - begun;
  expect(world.seen(app.name).updates).toHaveLength(1);
  await world.end(app);
}
