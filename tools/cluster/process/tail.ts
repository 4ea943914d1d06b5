import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/** The last lines of a file, of its last 256 KiB; '' if there is none. */
export function tail(file: string, lines = 20): string {
  try {
    const open = openSync(file, 'r');
    try {
      const { size } = fstatSync(open);
      const bytes = Buffer.alloc(Math.min(size, 256 * 1024));
      readSync(open, bytes, 0, bytes.length, size - bytes.length);
      return bytes.toString('utf8').trimEnd().split('\n').slice(-lines).join('\n');
    } finally {
      closeSync(open);
    }
  } catch {
    return '';
  }
}
