/** A crontab expression that was understood. */
export interface Schedule {
  /**
   * The first firing strictly after `after`, or `undefined` when it never fires again. Both milliseconds since the epoch, of any
   * time and in any order.
   */
  next(after: number): number | undefined;
}

/** Understands crontab expressions. */
export abstract class Crontab {
  /**
   * Five or six fields (seconds first), month and weekday names, `?`, `@daily` and the like, with an optional
   * `CRON_TZ=Europe/Paris` (or `TZ=`) before them; UTC without one.
   * @throws InvalidCrontabError with what is wrong with the expression, in one sentence
   */
  abstract parse(expression: string): Schedule;
}

/** The expression can't be understood, or never fires. */
export class InvalidCrontabError extends Error {
  override readonly name = 'InvalidCrontabError';
}
