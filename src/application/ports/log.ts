/** Fields of a log line. Never a secret. Of an Error, in a field of any name, name, message and stack are written, and nothing that hangs on it. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Structured logging: each call is one line, in order. Never fails, whatever the fields hold. */
export abstract class Log {
  abstract debug(message: string, fields?: LogFields): void;
  abstract info(message: string, fields?: LogFields): void;
  abstract warn(message: string, fields?: LogFields): void;
  abstract error(message: string, fields?: LogFields): void;
}
