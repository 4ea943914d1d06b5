import { describe, expect, it } from 'vitest';
import { guardedLookup, isRefusedAddress, RefusedAddressError, type Resolver } from './address-guard.ts';

describe('isRefusedAddress', () => {
  it.each([
    '169.254.169.254',
    '169.254.0.1',
    '100.100.100.200',
    '168.63.129.16',
    'fe80::1',
    '[fe80::1]',
    'febf::1',
    'fd00:ec2::254',
    '[fd00:ec2::254]',
    '::ffff:169.254.169.254',
    '[::ffff:a9fe:a9fe]',
    '64:ff9b::169.254.169.254',
    '::169.254.169.254',
    '2002:a9fe:a9fe::1',
  ])('refuses %s', (address) => expect(isRefusedAddress(address)).toBe(true));

  it.each([
    '127.0.0.1',
    '10.0.0.1',
    '169.253.1.1',
    '192.168.1.1',
    '::1',
    '[::1]',
    'fd00::1',
    '2001:db8::1',
    'registry.example.org',
    'fe80.example.org',
  ])('lets %s pass', (address) => expect(isRefusedAddress(address)).toBe(false));

  it.each([
    'http://2852039166/',
    'http://0xA9FEA9FE/',
    'http://169.254.43518/',
    'http://0251.0376.0251.0376/',
    'http://169.254.169.254./',
  ])('refuses %s, as a URL spells it', (url) => expect(isRefusedAddress(new URL(url).hostname)).toBe(true));
});

describe('guardedLookup', () => {
  const resolvesTo = (...addresses: string[]) =>
    guardedLookup(((_name: string, _options: object, callback: (error: null, all: object[]) => void) => {
      callback(
        null,
        addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
      );
    }) as unknown as Resolver);
  const ask = (lookup: ReturnType<typeof guardedLookup>, all: boolean) =>
    new Promise((done) =>
      lookup('registry.example.org', { all }, (error, address, family) => done(error ?? [address, family])),
    );

  it('refuses a name that leads to a metadata address, were it one of several', async () => {
    expect(await ask(resolvesTo('10.0.0.1', '169.254.169.254'), true)).toEqual(
      new RefusedAddressError('169.254.169.254'),
    );
  });

  it('gives one address, or all, as asked', async () => {
    expect(await ask(resolvesTo('10.0.0.1', '::1'), false)).toEqual(['10.0.0.1', 4]);
    expect(await ask(resolvesTo('10.0.0.1'), true)).toEqual([[{ address: '10.0.0.1', family: 4 }], undefined]);
  });
});
