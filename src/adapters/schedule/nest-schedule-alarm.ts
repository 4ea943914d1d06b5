import { Injectable } from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';
import { Alarm } from '../../application/ports/alarm.ts';
import { Clock } from '../../application/ports/clock.ts';

/**
 * Longer waits are cut into pieces of this length: setTimeout takes no delay above 2^31-1 ms, and it does not notice
 * when the machine's clock is set; so the alarm is late by at most this after the clock was put forward.
 */
const LONGEST_WAIT_MS = 3_600_000;

let alarms = 0;

/** One timeout in Nest's SchedulerRegistry, so that it is seen there and goes when the application shuts down. */
@Injectable()
export class NestScheduleAlarm extends Alarm {
  private readonly name = `alarm-${++alarms}`;

  constructor(
    private readonly registry: SchedulerRegistry,
    private readonly clock: Clock,
  ) {
    super();
  }

  override set(at: number, fire: () => void): void {
    this.clear();
    const wait = at - this.clock.now();
    const timeout = setTimeout(
      () => {
        this.clear();
        // Asks the clock again: the wait may have been a piece of the whole, and timers can be a millisecond early.
        if (this.clock.now() < at) this.set(at, fire);
        else fire();
      },
      Math.min(Math.max(0, wait), LONGEST_WAIT_MS),
    );
    this.registry.addTimeout(this.name, timeout);
  }

  override clear(): void {
    if (this.registry.doesExist('timeout', this.name)) this.registry.deleteTimeout(this.name);
  }
}
