import type { LoggerService } from '@nestjs/common';
import type { Log } from '../application/ports/log.ts';

/** What Nest says of itself, in kimup's log: its progress as debug, its warnings and errors as they are. */
export class NestLog implements LoggerService {
  constructor(private readonly sink: Log) {}

  log(message: unknown, context?: unknown): void {
    this.sink.debug(String(message), { context });
  }

  warn(message: unknown, context?: unknown): void {
    this.sink.warn(String(message), { context });
  }

  error(message: unknown, stack?: unknown, context?: unknown): void {
    this.sink.error(String(message), { stack, context });
  }
}
