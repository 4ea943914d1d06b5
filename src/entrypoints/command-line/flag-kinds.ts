import { type ListenAddress, parseListenAddress } from '../../adapters/http/listen-address.ts';
import { LOG_LEVELS, type LogLevel } from '../../adapters/log/log-level.ts';
import type { Kind } from './command-line.ts';

/** As it is written; it may be empty. */
export const TEXT: Kind<string> = { value: 'TEXT', needs: 'a value', parse: (text) => text };

/** As Go's `flag` takes them: 1, t, T, TRUE, true, True and their opposites; without a value it is true. */
export const BOOLEAN: Kind<boolean> = {
  needs: 'true or false',
  parse(text, flag) {
    if (/^(1|t|true)$/i.test(text)) return true;
    if (/^(0|f|false)$/i.test(text)) return false;
    throw new RangeError(`${flag} takes true or false, not ${JSON.stringify(text)}`);
  },
};

/** `:9080`, `127.0.0.1:9080` or `[::1]:9080`. */
export const ADDRESS: Kind<ListenAddress> = { value: 'ADDRESS', needs: 'an address', parse: parseListenAddress };

/** A whole number above 0. */
export const COUNT: Kind<number> = {
  value: 'NUMBER',
  needs: 'a number',
  parse(text) {
    if (!/^[1-9]\d{0,5}$/.test(text)) throw new RangeError(`${JSON.stringify(text)} is not a whole number above 0`);
    return Number(text);
  },
};

/** `90s`, `10m`, `1h`, in milliseconds. */
export const DURATION: Kind<number> = {
  value: 'DURATION',
  needs: 'a duration',
  parse(text) {
    const match = /^(\d{1,6})(s|m|h)$/.exec(text);
    if (match === null) throw new RangeError(`${JSON.stringify(text)} is not a duration; write it like 90s, 10m or 1h`);
    return Number(match[1]) * { s: 1_000, m: 60_000, h: 3_600_000 }[match[2] as 's' | 'm' | 'h'];
  },
};

/** Registries, separated by commas. */
export const HOSTS: Kind<readonly string[]> = {
  value: 'HOSTS',
  needs: 'a host',
  parse: (text) =>
    text
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== ''),
};

/** The path of a URL. */
export const URL_PATH: Kind<string> = {
  value: 'PATH',
  needs: 'a path',
  parse(text) {
    if (!/^\/[\w./-]*$/.test(text))
      throw new RangeError(`${JSON.stringify(text)} is not a path; write it like /metrics`);
    return text;
  },
};

/** How much is logged. */
export const LOG_LEVEL: Kind<LogLevel> = {
  value: 'LEVEL',
  needs: 'a log level',
  parse(text) {
    const level = LOG_LEVELS.find((known) => known === text);
    if (level === undefined)
      throw new RangeError(`${JSON.stringify(text)} is not a log level; use one of ${LOG_LEVELS.join(', ')}`);
    return level;
  },
};

/** A file to be read, `-` for stdin; `undefined` where none is given. */
export const FILE: Kind<string | undefined> = {
  value: 'FILE',
  needs: 'a file, or - for stdin',
  neverEmpty: true,
  parse: (text) => (text === '' ? undefined : text),
};

/** Files to be read, in the order in which they are given. */
export const FILES: Kind<readonly string[]> = {
  value: 'FILE',
  needs: 'a file, or - for stdin',
  neverEmpty: true,
  parse: (text) => (text === '' ? [] : [text]),
  join: (before, file) => [...before, ...file],
};
