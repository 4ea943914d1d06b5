/** Fields of a log line. Never a secret. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Structured logging. */
export abstract class Log {
  abstract debug(message: string, fields?: LogFields): void;
  abstract info(message: string, fields?: LogFields): void;
  abstract warn(message: string, fields?: LogFields): void;
  abstract error(message: string, fields?: LogFields): void;
}
