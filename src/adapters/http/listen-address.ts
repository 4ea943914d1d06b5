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
  if (match === null || port > 65_535)
    throw new RangeError(`${JSON.stringify(text)} is not a listen address; write it like :9080 or 127.0.0.1:9080`);
  return { host: match[1] ?? (match[2] || '::'), port };
}

/** What {@link listen} needs of a server. */
interface Listener {
  listen(address: ListenAddress): Promise<unknown>;
}

/**
 * Listens on an address; on all IPv4 addresses where all are asked for and the machine knows no IPv6.
 * @param flag that says where, as in `--metrics-port`
 * @throws Error that names the flag and says what to do
 */
export async function listen(server: Listener, { host, port }: ListenAddress, flag: string): Promise<void> {
  try {
    await server.listen({ host, port }).catch((error: NodeJS.ErrnoException) => {
      if (host !== '::' || error.code !== 'EAFNOSUPPORT') throw error;
      return server.listen({ host: '0.0.0.0', port });
    });
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const where = `${host.includes(':') ? `[${host}]` : host}:${port}`;
    switch (code) {
      case 'EADDRINUSE':
        throw new Error(
          `${flag}: ${where} is already in use; use another port, or stop the process that listens there`,
          { cause },
        );
      case 'EACCES':
        throw new Error(`${flag}: this user is not allowed to listen on ${where}; use a port above 1023`, { cause });
      case 'EADDRNOTAVAIL':
        throw new Error(`${flag}: ${host} is not an address of this machine; use :${port} to listen on all addresses`, {
          cause,
        });
      default:
        throw new Error(`${flag}: can't listen on ${where}: ${message}`, { cause });
    }
  }
}
