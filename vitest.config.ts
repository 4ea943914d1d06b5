// One runner, four projects: `npx vitest run --project unit`. What a project needs from the machine grows from left to right.
// The timeouts only catch what hangs, on a machine however slow; they are above tools/cluster/hang.ts, which says what was waited for.
import { defineConfig } from 'vitest/config';

// `npm test` leads this process's group. If it is killed without a chance to say so, the group ends too.
if (process.env['KIMUP_TEST_RUN'] === String(process.ppid)) {
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) process.kill(-process.pid, 'SIGKILL');
  }, 500).unref();
}

export default defineConfig({
  test: {
    teardownTimeout: 60_000,
    projects: [
      {
        test: {
          name: 'unit',
          include: ['src/**/*.test.ts', 'tools/{boundaries,crds}/**/*.test.ts', 'test/unit/**/*.test.ts'],
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
      {
        // Against real parts: one kwok cluster for the whole run, started when the first file asks for it.
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts', 'tools/cluster/**/*.test.ts'],
          globalSetup: ['test/integration/global-setup.ts'],
          pool: 'forks',
          maxWorkers: 2,
          testTimeout: 300_000,
          hookTimeout: 900_000,
        },
      },
      {
        // Whole clusters with kimup on them: one at a time.
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          pool: 'forks',
          fileParallelism: false,
          testTimeout: 900_000,
          hookTimeout: 900_000,
        },
      },
      {
        // The same with bigger numbers: `npm run test:long`, no part of `npm test`.
        test: {
          name: 'long',
          include: ['test/long/**/*.test.ts'],
          pool: 'forks',
          fileParallelism: false,
          testTimeout: 900_000,
          hookTimeout: 900_000,
        },
      },
    ],
  },
});
