import { Injectable } from '@nestjs/common';
import { Clock } from '../ports/clock.ts';
import { Log } from '../ports/log.ts';
import { Metrics } from '../ports/metrics.ts';
import type { Controller } from './controller.ts';

/** All controllers of a component, and what they stand on: known here, so that they start and stop as one, with the lead. */
@Injectable()
export class Controllers {
  private readonly all: Controller[] = [];

  constructor(
    readonly clock: Clock,
    readonly log: Log,
    readonly metrics: Metrics,
  ) {}

  /** Takes in a controller. It starts with the others. */
  add(controller: Controller): void {
    this.all.push(controller);
  }

  start(): void {
    for (const controller of this.all) controller.start();
  }

  /** Resolves when nothing is in flight any more. */
  async stop(): Promise<void> {
    await Promise.all(this.all.map((controller) => controller.stop()));
  }
}
