import { pino, type Logger } from 'pino';
import { Log, type LogFields } from '../../application/ports/log.ts';
import type { LogLevel } from './log-level.ts';

/** JSON lines on standard output: `level`, `time` (RFC 3339), `component`, `msg` and the fields given. */
export class PinoLog extends Log {
  private readonly logger: Logger;

  constructor(component: string, level: LogLevel) {
    super();
    this.logger = pino({
      level: level === 'panic' ? 'fatal' : level,
      base: { component },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    });
  }

  debug(message: string, fields: LogFields = {}): void {
    this.logger.debug(plain(fields), message);
  }

  info(message: string, fields: LogFields = {}): void {
    this.logger.info(plain(fields), message);
  }

  warn(message: string, fields: LogFields = {}): void {
    this.logger.warn(plain(fields), message);
  }

  error(message: string, fields: LogFields = {}): void {
    this.logger.error(plain(fields), message);
  }
}

/** An error as its message alone: what else hangs on it (a request, its headers) may hold a secret. */
function plain(fields: LogFields): LogFields {
  if (!Object.values(fields).some((value) => value instanceof Error)) return fields;
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, value instanceof Error ? describe(value) : value]),
  );
}

function describe(error: Error): { name: string; message: string; stack?: string } {
  return { name: error.name, message: error.message, ...(error.stack === undefined ? {} : { stack: error.stack }) };
}
