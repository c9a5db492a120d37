/**
 * Where we may connect to. Names and numbers leave the house here, so an address is checked when it is configured and
 * again at every connection: a name that starts to point into our own network is not followed.
 */
import { lookup as resolveName, type LookupAddress, type LookupOptions } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { GatewayError } from '../../gateway/errors.ts';

export interface Target {
  readonly url: URL;
  /** Resolves a name and refuses an address that must not be connected to. */
  readonly lookup: LookupFunction;
}

/** Loopback, private, link-local, shared, multicast and reserved ranges (IANA special-purpose registries). */
const ownRanges = new BlockList();
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 3],
] as const) {
  ownRanges.addSubnet(network, prefix, 'ipv4');
}
for (const [network, prefix] of [
  ['::', 127],
  ['64:ff9b::', 96],
  ['fc00::', 7],
  ['fe80::', 10],
  ['ff00::', 8],
] as const) {
  ownRanges.addSubnet(network, prefix, 'ipv6');
}

/**
 * Checks the address of another system.
 * @param allowPrivate it stands in our own network; only then may it be plain http
 * @param setting what the address is called in an error: `webhook url`
 * @throws GatewayError configuration-invalid, without quoting the address (it may hold a key)
 */
export function targetOf(address: string, allowPrivate: boolean, setting: string): Target {
  const invalid = (why: string): GatewayError =>
    new GatewayError('configuration-invalid', `${setting}: ${why}`, { location: 'url' });
  if (!URL.canParse(address)) throw invalid('not a URL');
  const url = new URL(address);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw invalid('not http or https');
  if (url.username !== '' || url.password !== '') throw invalid('a URL holds no user or password');
  if (url.protocol === 'http:' && !allowPrivate) {
    throw invalid('plain http is only for a system in our own network (allowPrivate)');
  }
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const protection = url.protocol === 'http:' ? 'plain' : 'encrypted';
  return { url, lookup: lookupFor(host, protection, allowPrivate, setting) };
}

/**
 * Checks a host that is reached by another protocol.
 * @param protection `plain` lines stay inside our own network, even where both kinds of address are allowed
 * @param setting what the host is called in an error: `sftp host`
 * @returns how its name is resolved at every connection
 * @throws GatewayError configuration-invalid
 */
export function lookupFor(
  host: string,
  protection: 'plain' | 'encrypted',
  allowPrivate: boolean,
  setting: string,
): LookupFunction {
  const mayConnect = (ip: string): boolean =>
    protection === 'plain' ? isOwn(ip) : allowPrivate || !isOwn(ip);
  if (isIP(host) !== 0 && !mayConnect(host)) {
    throw new GatewayError('configuration-invalid', `${setting}: address not allowed`, {
      location: 'host',
    });
  }
  return guardedLookup(mayConnect);
}

function isOwn(ip: string): boolean {
  return ownRanges.check(ip, isIP(ip) === 6 ? 'ipv6' : 'ipv4');
}

function guardedLookup(mayConnect: (ip: string) => boolean): LookupFunction {
  return (hostname, options, callback) => {
    const all: LookupOptions & { all: true } = { ...options, all: true };
    resolveName(hostname, all, (error, found: LookupAddress[]) => {
      if (error) return callback(error, '', 0);
      const first = found[0];
      if (first === undefined || !found.every(({ address }) => mayConnect(address))) {
        return callback(
          Object.assign(new Error('address not allowed'), { code: 'EADDRBLOCKED' }),
          '',
          0,
        );
      }
      if (options.all === true) return callback(null, found);
      return callback(null, first.address, first.family);
    });
  };
}
