// A token server as distribution's registry wants it ("Token Authentication Specification"): basic credentials in, a signed JWT out.
import { randomUUID, sign } from 'node:crypto';
import { createServer } from 'node:http';
import type { Authority, KeyPair } from '../certificates.ts';
import { listen } from '../sockets/listen.ts';

const SERVICE = 'kimup-test-registry';
const ISSUER = 'kimup-test-tokens';

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
  { username, password }: { username: string; password: string },
): Promise<TokenServer> {
  const pair = await authority.issue({ commonName: ISSUER });
  const issue = async (access: readonly Access[]) => signedToken(pair, username, access);
  const expected = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const answer = (status: number, body: object) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    if (request.headers.authorization !== expected) return void answer(401, { errors: [{ code: 'UNAUTHORIZED' }] });
    const access = url.searchParams.getAll('scope').flatMap(accessOf);
    void issue(access).then((token) => answer(200, { token, expires_in: 300 }));
  });
  const port = await listen(server);
  server.unref();
  return {
    realm: `http://127.0.0.1:${port}/token`,
    service: SERVICE,
    issuer: ISSUER,
    issue,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** What a scope asks for, e.g. `repository:whoami:pull,push`; nothing where it is of another form. */
function accessOf(scope: string): Access[] {
  const [, type, name, actions] = /^([^:]+):(.+):([^:]*)$/.exec(scope) ?? [];
  if (type === undefined || name === undefined || actions === undefined) return [];
  return [{ type, name, actions: actions.split(',') }];
}

/** A JWT (RFC 7519) signed with ES256, with the certificate in its header. */
function signedToken({ cert, key }: KeyPair, subject: string, access: readonly Access[]): string {
  const chain = [cert.replace(/-----[^-]+-----|\s/g, '')];
  const now = Math.floor(Date.now() / 1000);
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = {
    iss: ISSUER,
    sub: subject,
    aud: SERVICE,
    exp: now + 300,
    nbf: now - 10,
    iat: now,
    jti: randomUUID(),
    access,
  };
  const signed = `${part({ typ: 'JWT', alg: 'ES256', x5c: chain })}.${part(claims)}`;
  return `${signed}.${sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
}
