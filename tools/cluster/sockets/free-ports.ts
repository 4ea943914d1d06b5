import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/**
 * Below the ports that the kernel gives to connections and to servers that take any (net.ipv4.ip_local_port_range), and below
 * those of NodePort Services: nobody else gets one of these by chance between here and its use.
 */
const RANGE = { first: 10_000, end: 30_000 };

/** Those that this process gave out. */
const given = new Set<number>();

/** Ports of 127.0.0.1 that are free at this moment, all different, also from those of earlier calls. */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  while (ports.length < count) {
    const port = randomInt(RANGE.first, RANGE.end);
    if (given.has(port) || !(await isFree(port))) continue;
    given.add(port);
    ports.push(port);
  }
  return ports;
}

function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen({ host: '127.0.0.1', port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
