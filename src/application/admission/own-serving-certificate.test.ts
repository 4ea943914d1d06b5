import { beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../../../test/support/fakes/fake-clock.ts';
import { FakeLog } from '../../../test/support/fakes/recorders.ts';
import { CertificateAuthority, type Certificates } from '../ports/certificate-authority.ts';
import { CertificateStore } from '../ports/certificate-store.ts';
import type { CertificateBundle } from '../ports/serving-certificate.ts';
import { OwnServingCertificate } from './own-serving-certificate.ts';

const HOUR_MS = 3_600_000;

/** Certificates that are words: what they are, and when they are due an hour on. */
class WordAuthority extends CertificateAuthority {
  #made = 0;
  async renewed(kept: Certificates | undefined, now: number) {
    return kept !== undefined && now < Number(kept['tls.key']) ? kept : this.#make('renewed', now);
  }
  async replaced(kept: Certificates, now: number) {
    return { ...this.#make('replaced', now), 'tls.crt': kept['tls.crt'] };
  }
  bundle(kept: Certificates, now: number): CertificateBundle | undefined {
    const until = Number(kept['tls.key']) + HOUR_MS;
    return until > now
      ? { certificate: kept['tls.crt'], key: kept['tls.key'], authority: kept['ca.crt'], until }
      : undefined;
  }
  #make(how: string, now: number): Certificates {
    const name = `${how} ${++this.#made}`;
    return { 'ca.crt': name, 'ca.key': name, 'tls.crt': name, 'tls.key': String(now + HOUR_MS) };
  }
}

class MemoryStore extends CertificateStore {
  certificates: Certificates | undefined;
  version = 1;
  failure: Error | undefined;
  readOnly = false;
  /** What somebody else does right before the next write. */
  meanwhile: (() => void) | undefined;
  async read() {
    if (this.failure !== undefined) throw this.failure;
    return { certificates: this.certificates, version: String(this.version) };
  }
  async write(certificates: Certificates, version: string) {
    if (this.readOnly) throw new Error('it may not be written');
    this.meanwhile?.();
    if (version !== String(this.version)) return false;
    this.certificates = certificates;
    this.version++;
    return true;
  }
}

describe('a serving certificate of kimup’s own', () => {
  let clock: FakeClock;
  let store: MemoryStore;
  let log: FakeLog;
  let source: OwnServingCertificate;
  const served = () => source.current()?.certificate;

  beforeEach(() => {
    clock = new FakeClock();
    store = new MemoryStore();
    log = new FakeLog();
    source = new OwnServingCertificate(store, new WordAuthority(), clock, log);
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
    await clock.advance(HOUR_MS + 15_000);
    expect(served()).toBe('renewed 2');
    expect(told).toEqual(['renewed 1', 'renewed 2']);
  });

  it('is the other replica’s where that one was faster', async () => {
    const theirs = await new WordAuthority().renewed(undefined, clock.now());
    store.meanwhile = () => {
      store.certificates ??= { ...theirs, 'tls.crt': 'theirs' };
      store.version = 7;
    };
    await source.start();
    expect(served()).toBe('theirs');
  });

  it('is given up for this time where somebody always comes in between, and says so', async () => {
    store.meanwhile = () => {
      store.version++;
    };
    await source.start();
    expect(source.problem()).toContain('somebody else changed it each time');
  });

  it('is served though it can’t be renewed, and the problem is said once', async () => {
    await source.start();
    store.readOnly = true;
    await clock.advance(HOUR_MS + 10 * 60_000);
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
    expect(source.current()).toMatchObject({ certificate: 'renewed 1', authority: 'replaced 2' });
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
