// What /proc says of a process.
import { readdirSync, readFileSync } from 'node:fs';

/** The first child of a process; undefined while it has none. */
export function childOf(pid: number | undefined): number | undefined {
  try {
    const child = Number.parseInt(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8'), 10);
    return Number.isNaN(child) ? undefined : child;
  } catch {
    return undefined;
  }
}

/** Whether any thread of a process runs. Its first one may be a zombie while the last one ends a namespace. */
export function isRunning(pid: number): boolean {
  const threads = orElse(() => readdirSync(`/proc/${pid}/task`), []);
  return threads.some(
    (thread) =>
      !/^(\d+ \(.*\) [ZX]|$)/s.test(orElse(() => readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8'), '')),
  );
}

function orElse<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch {
    return otherwise;
  }
}
