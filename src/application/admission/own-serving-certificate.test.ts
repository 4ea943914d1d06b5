import { beforeEach, describe, expect, it } from 'vitest';
import { servingCertificateContract } from '../../../test/contracts/serving-certificate.contract.ts';
import { DUE_MS, FakeCertificateAuthority } from '../../../test/support/fakes/fake-certificate-authority.ts';
import { FakeCertificateStore } from '../../../test/support/fakes/fake-certificate-store.ts';
import { FakeClock } from '../../../test/support/fakes/fake-clock.ts';
import { FakeLog } from '../../../test/support/fakes/recorders.ts';
import { OwnServingCertificate } from './own-serving-certificate.ts';

const LOOK_MS = 15_000;

servingCertificateContract('OwnServingCertificate', async () => {
  const [clock, store, authority] = [new FakeClock(), new FakeCertificateStore(), new FakeCertificateAuthority()];
  store.failure = new Error('the store gives no answer');
  return {
    certificate: new OwnServingCertificate(store, authority, clock, new FakeLog()),
    put: async () => {
      store.failure = undefined;
      // One that replaces another is made when that one is due.
      store.certificates = await authority.renewed(store.certificates, clock.now() + store.version * DUE_MS);
      store.version++;
      const { 'tls.crt': certificate, 'tls.key': key, 'ca.crt': trusted } = store.certificates;
      return { certificate, key, authority: trusted };
    },
    breakIt: async () => {
      store.failure = new Error('the store gives no answer');
    },
    mend: async () => {
      store.failure = undefined;
    },
    pass: () => clock.advance(LOOK_MS),
    stop: async () => undefined,
  };
});

describe('a serving certificate of kimup’s own', () => {
  let clock: FakeClock;
  let store: FakeCertificateStore;
  let authority: FakeCertificateAuthority;
  let log: FakeLog;
  let source: OwnServingCertificate;
  const served = () => source.current()?.certificate;

  beforeEach(() => {
    clock = new FakeClock();
    store = new FakeCertificateStore();
    log = new FakeLog();
    authority = new FakeCertificateAuthority();
    source = new OwnServingCertificate(store, authority, clock, log);
  });

  it('is made where there is none, and then read and not written again', async () => {
    await source.start();
    expect(served()).toBe('renewed 1');
    await clock.advance(10 * 60_000);
    expect(store.version).toBe(2);
    expect(log.lines).toEqual(['info the webhook has a new certificate']);
  });

  it('is renewed when it is due', async () => {
    const told: string[] = [];
    source.subscribe(({ certificate }) => {
      told.push(certificate);
    });
    await source.start();
    await clock.advance(DUE_MS + 15_000);
    expect(served()).toBe('renewed 2');
    expect(told).toEqual(['renewed 1', 'renewed 2']);
  });

  it('is the other replica’s where that one was faster', async () => {
    const theirs = await authority.renewed(undefined, clock.now());
    store.meanwhile = () => {
      store.certificates ??= theirs;
      store.version = 7;
    };
    await source.start();
    expect(served()).toBe(theirs['tls.crt']);
  });

  it('is given up for this time where somebody always comes in between, and says so', async () => {
    store.meanwhile = () => {
      store.version++;
    };
    await source.start();
    expect(source.problem()).toContain('someone else changed the Secret during every attempt');
  });

  it('is served though it can’t be renewed, and the problem is said once', async () => {
    await source.start();
    store.readOnly = true;
    await clock.advance(DUE_MS + 10 * 60_000);
    expect(served()).toBe('renewed 1');
    expect(source.problem()).toBe('it may not be written');
    expect(log.lines.filter((line) => line.startsWith('error'))).toHaveLength(1);
    store.readOnly = false;
    await clock.advance(15_000);
    expect(source.problem()).toBeUndefined();
    expect(served()).not.toBe('renewed 1');
  });

  it('is served while its store can’t be read', async () => {
    await source.start();
    store.failure = new Error('no answer');
    await clock.advance(60_000);
    expect([served(), source.problem()]).toEqual(['renewed 1', 'no answer']);
  });

  it('is replaced, not thrown away, where somebody empties the store', async () => {
    await source.start();
    store.certificates = undefined;
    await clock.advance(15_000);
    expect(source.current()).toMatchObject({ certificate: 'renewed 1', authority: 'replaced 2\nrenewed 1' });
  });

  it('is looked for every two seconds while there is none, and never after it was stopped', async () => {
    store.failure = new Error('create it empty');
    await source.start();
    expect(clock.pending()).toEqual([2_000]);
    source.stop();
    expect(clock.pending()).toEqual([]);
    await source.start();
    expect(clock.pending()).toEqual([]);
  });
});
