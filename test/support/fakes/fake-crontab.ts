import { Crontab, InvalidCrontabError, type Schedule } from '../../../src/application/ports/crontab.ts';

/** Understands `every N s`, counted from the epoch, and nothing else. */
export class FakeCrontab extends Crontab {
  override parse(expression: string): Schedule {
    const seconds = Number(/^every (\d+) s$/.exec(expression)?.[1]);
    if (!(seconds > 0)) throw new InvalidCrontabError(`${JSON.stringify(expression)} is not "every N s"`);
    const period = seconds * 1_000;
    return { next: (after) => (Math.floor(after / period) + 1) * period };
  }
}
