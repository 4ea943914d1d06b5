import { readFileSync } from 'node:fs';

/** Of /proc/PID/status, in bytes. */
export interface Memory {
  readonly rss: number;
  readonly anonymous: number;
  /** The most that was ever resident. */
  readonly peak: number;
}

export function memoryOf(pid: number): Memory {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const bytes = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) * 1_024;
  return { rss: bytes('VmRSS'), anonymous: bytes('RssAnon'), peak: bytes('VmHWM') };
}

/** Of the processor, the system's share included, since its start. */
export function cpuSecondsOf(pid: number): number {
  // proc(5): utime and stime are the 14th and 15th field, in hundredths of a second; the second one, a name, may have blanks.
  const [user, system] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ').slice(11, 13);
  return (Number(user) + Number(system)) / 100;
}

export function mb(bytes: number): number {
  return Math.round(bytes / 1e5) / 10;
}
