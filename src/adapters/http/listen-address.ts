/** Where a server listens. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/**
 * Parses `:9080` (all addresses), `127.0.0.1:9080`, `[::1]:9080` or a bare `9080`. Port 0 asks for any free one.
 * @throws RangeError that says what is expected
 */
export function parseListenAddress(text: string): ListenAddress {
  const match = /^(?:(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]*)):)?(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) throw new RangeError(`${JSON.stringify(text)} is no address to listen on; write :9080 or 127.0.0.1:9080`);
  return { host: match[1] ?? (match[2] || '::'), port };
}

/** What {@link listen} needs of a server. */
interface Listener {
  listen(address: ListenAddress): Promise<unknown>;
}

/** Listens on an address; on all IPv4 addresses where all are asked for and the machine knows no IPv6. */
export async function listen(server: Listener, address: ListenAddress): Promise<void> {
  try {
    await server.listen(address);
  } catch (error) {
    if (address.host !== '::' || (error as NodeJS.ErrnoException).code !== 'EAFNOSUPPORT') throw error;
    await server.listen({ ...address, host: '0.0.0.0' });
  }
}
