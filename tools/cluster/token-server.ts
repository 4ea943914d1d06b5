// A token server as distribution's registry wants it ("Token Authentication Specification"): basic credentials in, a signed JWT out.
import { randomUUID, sign } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Authority } from './certificates.ts';

/** One thing that a token allows, e.g. `repository:whoami:pull`. */
export interface Access {
  readonly type: string;
  readonly name: string;
  readonly actions: readonly string[];
}

export interface TokenServer {
  /** Where tokens are fetched: the realm of the registry's challenge. */
  readonly realm: string;
  readonly service: string;
  readonly issuer: string;
  /** A token that allows `access`, good for five minutes. */
  issue(access: readonly Access[]): Promise<string>;
  stop(): Promise<void>;
}

/** Serves tokens on a free port of 127.0.0.1: to those with the credentials for what they ask, to others 401. */
export async function startTokenServer(
  authority: Authority,
  credentials: { username: string; password: string },
): Promise<TokenServer> {
  const service = 'kimup-test-registry';
  const issuer = 'kimup-test-tokens';
  const { cert, key } = await authority.issue({ commonName: issuer });
  const chain = [cert.replace(/-----[^-]+-----|\s/g, '')];
  const issue = async (access: readonly Access[]) => {
    const now = Math.floor(Date.now() / 1000);
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const claims = {
      iss: issuer,
      sub: credentials.username,
      aud: service,
      exp: now + 300,
      nbf: now - 10,
      iat: now,
      jti: randomUUID(),
      access,
    };
    const signed = `${part({ typ: 'JWT', alg: 'ES256', x5c: chain })}.${part(claims)}`;
    return `${signed}.${sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
  };
  const expected = `Basic ${Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64')}`;
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const answer = (status: number, body: object) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    if (request.headers.authorization !== expected) return void answer(401, { errors: [{ code: 'UNAUTHORIZED' }] });
    const access = url.searchParams.getAll('scope').flatMap((scope) => {
      const [, type, name, actions] = /^([^:]+):(.+):([^:]*)$/.exec(scope) ?? [];
      return type !== undefined && name !== undefined && actions !== undefined
        ? [{ type, name, actions: actions.split(',') }]
        : [];
    });
    void issue(access).then((token) => answer(200, { token, expires_in: 300 }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  server.unref();
  return {
    realm: `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`,
    service,
    issuer,
    issue,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
