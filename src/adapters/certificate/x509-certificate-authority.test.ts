import { X509Certificate } from 'node:crypto';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { certificateAuthorityContract } from '../../../test/contracts/certificate-authority.contract.ts';
import type { Certificates } from '../../application/ports/certificate-authority.ts';
import { type CertificateOptions, X509CertificateAuthority } from './x509-certificate-authority.ts';

const DAY = 86_400_000;
const hosts = ['kimup-webhook.kimup-operator.svc', 'localhost', '127.0.0.1'];
const now = Date.now();
const renewed = (kept: Certificates | undefined, at: number, options: CertificateOptions) =>
  new X509CertificateAuthority(options).renewed(kept, at);

certificateAuthorityContract('X509CertificateAuthority', () => ({
  authority: new X509CertificateAuthority({ hosts }),
  freshMs: 59 * DAY,
  dueMs: 61 * DAY,
  expiredMs: 91 * DAY,
  isTrusted: (certificate, authorities) =>
    (authorities.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []).some((authority) =>
      new X509Certificate(certificate).verify(new X509Certificate(authority).publicKey),
    ),
}));

describe('an authority of our own', () => {
  it('signs a certificate that a TLS client takes for every host, by name and by address', async () => {
    const made = await renewed(undefined, now, { hosts });
    for (const host of hosts) expect(await handshake(made, made['ca.crt'], host)).toBe('authorized');
    const local = new X509Certificate((await renewed(undefined, now, { hosts: ['[::1]'] }))['tls.crt']);
    expect(local.checkIP('::1')).toBe('::1');
    expect(await handshake(made, made['ca.crt'], 'example.org')).toContain('ERR_TLS_CERT_ALTNAME_INVALID');
    const other = await renewed(undefined, now, { hosts });
    expect(await handshake(made, other['ca.crt'], hosts[0]!)).not.toBe('authorized');
  });

  it('is a P-256 one that can sign nothing but serving certificates, with no key in any certificate', async () => {
    const made = await renewed(undefined, now, { hosts });
    const authority = new X509Certificate(made['ca.crt']);
    expect(authority.ca).toBe(true);
    expect(authority.publicKey.asymmetricKeyDetails).toMatchObject({ namedCurve: 'prime256v1' });
    const serving = new X509Certificate(made['tls.crt']);
    expect(serving.ca).toBe(false);
    expect(serving.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
    expect(serving.checkIssued(authority)).toBe(true);
    expect(made['ca.crt'] + made['tls.crt']).not.toContain('PRIVATE');
  });

  it('changes nothing before two thirds of its life, then only the serving certificate', async () => {
    const made = await renewed(undefined, now, { hosts });
    expect(await renewed(made, now, { hosts })).toBe(made);
    expect(await renewed(made, now + 59 * DAY, { hosts })).toBe(made);
    const later = await renewed(made, now + 61 * DAY, { hosts });
    expect(later['ca.crt']).toBe(made['ca.crt']);
    expect(later['tls.crt']).not.toBe(made['tls.crt']);
    expect(new X509Certificate(later['tls.crt']).verify(new X509Certificate(made['ca.crt']).publicKey)).toBe(true);
  });

  it('serves other hosts as soon as it is told', async () => {
    const made = await renewed(undefined, now, { hosts });
    const wider = await renewed(made, now, { hosts: [...hosts, 'kimup.example.org'] });
    expect(wider['ca.crt']).toBe(made['ca.crt']);
    expect(new X509Certificate(wider['tls.crt']).checkHost('kimup.example.org')).toBeDefined();
    expect(await renewed(wider, now, { hosts })).toBe(wider);
  });

  it('is renewed without a moment in which somebody who trusts only the old or only both is turned away', async () => {
    const old = await renewed(undefined, now - 200 * DAY, {
      hosts,
      authorityLifeMs: 290 * DAY,
      servingLifeMs: 1000 * DAY,
    });
    const then = now - 11 * 60_000;
    const both = await renewed(old, then, { hosts });
    expect(both['ca.crt'].match(/BEGIN/g)).toHaveLength(2);
    expect(both['tls.crt']).toBe(old['tls.crt']);
    expect(await renewed(both, then + 9 * 60_000, { hosts })).toBe(both);
    const trusted = await renewed(both, now, { hosts });
    expect(trusted['ca.crt']).toBe(both['ca.crt']);
    expect(await handshake(old, both['ca.crt'], 'localhost')).toBe('authorized');
    expect(await handshake(trusted, both['ca.crt'], 'localhost')).toBe('authorized');
    expect(await handshake(trusted, old['ca.crt'], 'localhost')).not.toBe('authorized');
    expect(
      (await new X509CertificateAuthority({ hosts }).replaced(trusted, now))['ca.crt'].match(/BEGIN/g),
    ).toHaveLength(2);
  });

  it.each([
    ['garbage', { 'ca.crt': 'x', 'ca.key': 'x', 'tls.crt': 'x', 'tls.key': 'x' }],
    ['nothing readable in the authority key', { 'ca.key': 'x' }],
  ])('makes all new from %s', async (_, broken) => {
    const made = await renewed(undefined, now, { hosts });
    const next = await renewed({ ...made, ...broken }, now, { hosts });
    expect(await handshake(next, next['ca.crt'], 'localhost')).toBe('authorized');
  });

  it('makes a new serving certificate where its key is of another one, or it has run out', async () => {
    const [made, other] = [await renewed(undefined, now, { hosts }), await renewed(undefined, now, { hosts })];
    const mended = await renewed({ ...made, 'tls.key': other['tls.key'] }, now, { hosts });
    expect(mended['ca.crt']).toBe(made['ca.crt']);
    expect(new X509CertificateAuthority({ hosts }).bundle(mended, now)?.until).toBe(
      new X509Certificate(mended['tls.crt']).validToDate.getTime(),
    );
    expect(
      new X509CertificateAuthority({ hosts }).bundle({ ...made, 'tls.key': other['tls.key'] }, now),
    ).toBeUndefined();
    expect((await renewed(made, now + 100 * DAY, { hosts }))['tls.crt']).not.toBe(made['tls.crt']);
  });
});

/** `authorized`, or why a client that trusts `authority` does not trust the server. */
async function handshake(served: Certificates, authority: string, host: string): Promise<string> {
  const server = createServer({ cert: served['tls.crt'], key: served['tls.key'] });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  try {
    return await new Promise((done) => {
      const socket = connect(
        {
          port: (server.address() as AddressInfo).port,
          host: '127.0.0.1',
          servername: host === '127.0.0.1' ? '' : host,
          ca: authority,
        },
        () => {
          done(socket.authorized ? 'authorized' : String(socket.authorizationError));
          socket.destroy();
        },
      );
      socket.on('error', (error: NodeJS.ErrnoException) => {
        done(`${error.code}: ${error.message}`);
      });
    });
  } finally {
    server.close();
  }
}
