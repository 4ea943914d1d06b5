import type { AddressInfo, Server } from 'node:net';

/** Lets a server listen on a port of 127.0.0.1, a free one if none is named; returns the port. @throws Error when it is taken */
export async function listen(server: Server, port = 0): Promise<number> {
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}
