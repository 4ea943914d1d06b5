import { Alarm } from '../../../src/application/ports/alarm.ts';
import type { Clock } from '../../../src/application/ports/clock.ts';

/** An alarm that rings when the clock of the test gets there. */
export class FakeAlarm extends Alarm {
  private readonly clock: Clock;
  private cancel: (() => void) | undefined;
  private due: number | undefined;

  constructor(clock: Clock) {
    super();
    this.clock = clock;
  }

  /** When it will fire, in milliseconds since the epoch; `undefined` when it is not set. */
  get at(): number | undefined {
    return this.due;
  }

  override set(at: number, fire: () => void): void {
    this.clear();
    this.due = at;
    this.cancel = this.clock.after(at - this.clock.now(), () => {
      this.clear();
      fire();
    });
  }

  override clear(): void {
    this.cancel?.();
    this.cancel = undefined;
    this.due = undefined;
  }
}
