import { lookup as resolve, type LookupAddress } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';

/** How names become addresses; `dns.lookup` but in tests. */
export type Resolver = typeof resolve;

/** A name or a URL leads to an address that is never asked. */
export class RefusedAddressError extends Error {
  override readonly name = 'RefusedAddressError';
  constructor(readonly address: string) {
    super(`${address} is a link-local or metadata address; kimup never connects to those`);
  }
}

/** Where clouds serve a machine's own credentials and settings, and what can only be this machine's own link. */
const refused = new BlockList();
refused.addSubnet('169.254.0.0', 16);
refused.addAddress('100.100.100.200'); // Alibaba Cloud
refused.addAddress('168.63.129.16'); // Azure
refused.addAddress('192.0.0.192'); // Oracle Cloud
refused.addSubnet('fe80::', 10, 'ipv6');
refused.addAddress('fd00:ec2::254', 'ipv6'); // AWS
refused.addAddress('fd20:ce::254', 'ipv6'); // Google Cloud
refused.addAddress('fd00:42::42', 'ipv6'); // Scaleway
// 169.254.0.0/16 again, as IPv4-compatible, NAT64 (RFC 6052) and 6to4 (RFC 3056) spell it; IPv4-mapped is known to BlockList.
refused.addSubnet('::a9fe:0', 112, 'ipv6');
refused.addSubnet('64:ff9b::a9fe:0', 112, 'ipv6');
refused.addSubnet('2002:a9fe::', 32, 'ipv6');

/** Whether `address`, an IPv4 or IPv6 address with or without brackets, is never to be asked. False for a name. */
export function isRefusedAddress(address: string): boolean {
  const bare = address.replace(/^\[|\]$/g, '');
  const family = isIP(bare);
  return family !== 0 && refused.check(bare, family === 4 ? 'ipv4' : 'ipv6');
}

/**
 * A `lookup` for connections that fails with a RefusedAddressError for names that lead to a refused address. Checked as the
 * connection is made, so a name can't lead elsewhere between check and use.
 */
export function guardedLookup(resolver: Resolver = resolve): LookupFunction {
  return (hostname, options, callback) => {
    resolver(hostname, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
      if (error) return callback(error, []);
      const bad = addresses.find(({ address }) => isRefusedAddress(address));
      if (bad) return callback(new RefusedAddressError(bad.address), []);
      const first = addresses[0];
      if (options.all === true || first === undefined) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };
}
