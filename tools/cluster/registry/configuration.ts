// What distribution's registry reads: its configuration, certificates and users.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { type Authority, createAuthority, type KeyPair, writeKeyPair } from '../certificates.ts';
import { type RegistryAuth, testCredentials } from './credentials.ts';
import { startTokenServer, type TokenServer } from './token-server.ts';

/** bcrypt of the test password, which distribution's htpasswd wants. */
const HTPASSWD_LINE = `${testCredentials.username}:$2y$04$kimupTestSaltForBcrype5Q2i3dXvsqTnaZ2S91y2e7mtq9kCweW\n`;

export interface RegistryConfiguration {
  /** The path of its configuration. */
  readonly file: string;
  /** PEM of the authority that signed its certificate; undefined for plain HTTP. */
  readonly ca: string | undefined;
  /** Who gives the tokens that it asks for; undefined where it asks for none. */
  readonly tokens: TokenServer | undefined;
}

export interface ConfigurationOptions {
  readonly tls?: boolean;
  readonly auth?: RegistryAuth;
  readonly maxTags?: number;
}

/** Writes it all below `dir`, and starts a token server where one is needed. */
export async function writeConfiguration(
  { dir, listen, host }: { readonly dir: string; readonly listen: string; readonly host: string },
  options: ConfigurationOptions,
): Promise<RegistryConfiguration> {
  const storage = join(dir, 'storage');
  mkdirSync(storage, { recursive: true });
  const authority = options.tls || options.auth === 'token' ? await createAuthority('kimup-test-registry') : undefined;
  if (authority) writeFileSync(join(dir, 'ca.crt'), authority.cert);
  const tls = options.tls && authority ? await writeCertificate(dir, host, authority) : undefined;
  const tokens = options.auth === 'token' && authority ? await startTokenServer(authority, testCredentials) : undefined;
  const config = {
    version: 0.1,
    log: { level: 'warn', accesslog: { disabled: false } },
    storage: {
      filesystem: { rootdirectory: storage },
      delete: { enabled: true },
      cache: { blobdescriptor: 'inmemory' },
      maintenance: { uploadpurging: { enabled: false } },
    },
    http: {
      addr: listen,
      secret: 'not-secret',
      relativeurls: true,
      ...(tls ? { tls: { certificate: tls.cert, key: tls.key } } : {}),
    },
    health: { storagedriver: { enabled: false } },
    ...(options.maxTags === undefined ? {} : { tags: { maxtags: options.maxTags } }),
    ...authentication(dir, options.auth, tokens),
  };
  const file = join(dir, 'registry.yaml');
  writeFileSync(file, stringify(config));
  return { file, ca: tls && authority ? authority.cert : undefined, tokens };
}

async function writeCertificate(dir: string, host: string, authority: Authority): Promise<KeyPair> {
  const names = ['127.0.0.1', 'localhost', host.replace(/:\d+$/, '')];
  return writeKeyPair(join(dir, 'tls'), await authority.issue({ commonName: 'registry', names }));
}

function authentication(dir: string, auth: RegistryAuth | undefined, tokens: TokenServer | undefined): object {
  if (auth === 'basic') {
    const path = join(dir, 'htpasswd');
    writeFileSync(path, HTPASSWD_LINE);
    return { auth: { htpasswd: { realm: 'kimup-test', path } } };
  }
  if (!tokens) return {};
  const { realm, service, issuer } = tokens;
  return { auth: { token: { realm, service, issuer, rootcertbundle: join(dir, 'ca.crt') } } };
}
