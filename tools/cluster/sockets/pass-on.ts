import type { Socket } from 'node:net';

/** Passes on what either of two sockets receives to the other, and their ends too. Both are to allow half-open connections. */
export function passOn(one: Socket, other: Socket): void {
  for (const [from, to] of [
    [one, other],
    [other, one],
  ] as const) {
    from.setNoDelay(true);
    from.on('error', () => to.destroy()).on('close', () => to.destroySoon());
    from.pipe(to);
  }
}
