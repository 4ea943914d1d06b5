import { describe, expect, it } from 'vitest';
import type { Log } from '../../src/application/ports/log.ts';

/** A log that keeps every level, and what it has written. */
export interface LogUnderTest {
  readonly log: Log;
  /** Every line so far, as whoever reads the log sees it. */
  lines(): readonly string[];
  stop(): void;
}

const LEVELS = ['debug', 'info', 'warn', 'error'] as const;

/** What every {@link Log} does. */
export function logContract(name: string, start: () => LogUnderTest): void {
  describe(`${name}, a Log`, () => {
    /** What is written while `use` runs. */
    const written = (use: (log: Log) => void): readonly string[] => {
      const { log, lines, stop } = start();
      try {
        use(log);
        return lines();
      } finally {
        stop();
      }
    };

    it.each(LEVELS)('writes a line of the level %s, with its fields or without', (level) => {
      const lines = written((log) => {
        log[level]('the first message');
        log[level]('the second message', { lease: 'kimup/lead', graceMs: 10_000, nothing: undefined });
      });
      expect(lines).toHaveLength(2);
      for (const line of lines) expect(line).toContain(level);
      expect(lines[0]).toContain('the first message');
      for (const part of ['the second message', 'lease', 'kimup/lead', 'graceMs', '10000'])
        expect(lines[1]).toContain(part);
    });

    it('writes line after line, in order', () => {
      const lines = written((log) => {
        for (let i = 0; i < 100; i++) log[LEVELS[i % 4]!](`message ${i}.`);
      });
      expect(lines.map((line) => /message \d+\./.exec(line)?.[0])).toEqual(
        Array.from({ length: 100 }, (_, i) => `message ${i}.`),
      );
    });

    it('shows the message of an error, in whichever field, and nothing that hangs on it', () => {
      const error = Object.assign(new TypeError('connect ECONNREFUSED', { cause: new Error('of hunter2') }), {
        request: { headers: { authorization: 'Bearer hunter2' } },
      });
      const lines = written((log) => {
        for (const level of LEVELS) log[level]('it failed', { error });
        log.warn('it failed', { reason: error });
      });
      expect(lines).toHaveLength(5);
      for (const line of lines) {
        expect(line).toContain('connect ECONNREFUSED');
        expect(line).not.toContain('hunter2');
      }
    });

    it('keeps a message of several lines on one', () => {
      const [line, ...others] = written((log) => log.info('the answer', { answer: 'first\nsecond' }));
      expect(others).toEqual([]);
      expect(line).not.toContain('\n');
    });

    it('never fails, whatever the fields hold', () => {
      const circle: Record<string, unknown> = { size: 12n };
      circle['itself'] = circle;
      const lines = written((log) => {
        for (const level of LEVELS) log[level]('a circle', { circle, count: 12n, none: null });
      });
      expect(lines).toHaveLength(4);
    });
  });
}
