import type { Server } from 'node:net';
import type { Duplex } from 'node:stream';

/** The connections that are open, to end with a server that would wait for them. */
export class OpenSockets<S extends Duplex = Duplex> implements Iterable<S> {
  private readonly open = new Set<S>();

  /** Takes one in until it is closed. An error of it is nobody's: it closes the connection. */
  keep(socket: S): void {
    this.open.add(socket);
    socket.on('error', () => {}).on('close', () => this.open.delete(socket));
  }

  [Symbol.iterator](): Iterator<S> {
    return this.open.values();
  }

  destroy(): void {
    for (const socket of this.open) socket.destroy();
  }

  /** Ends a server and every connection. */
  close(server: Server): Promise<void> {
    return new Promise((resolve) => {
      server.close(() => resolve());
      this.destroy();
    });
  }
}
