// The guard: which addresses drover may connect to. Private and other special addresses are refused unless
// the operator has allowed them.
import ipaddr from 'ipaddr.js';
import { type Failure, failure } from '../errors.ts';
import { hostnameOf, hostPortOf, mayBePrivate } from '../url/host.ts';

/**
 * What the operator allows in addition to public addresses. A list is compiled once for each pair of `cidrs`
 * and `hosts` objects, so callers should pass the same objects each time. A set of hosts may grow while it is
 * in use.
 */
export interface AllowList {
  /** Address ranges such as 10.0.0.0/8, or single addresses. */
  readonly cidrs: readonly string[];
  /** "host:port" as in a URL, always with the port, IPv6 in brackets. These hosts may have any address. */
  readonly hosts: readonly string[] | ReadonlySet<string>;
  /** Bad ports that may be spoken to. */
  readonly ports?: readonly number[];
}

/** A compiled AllowList. */
export interface Guard {
  /** Requests share connections only if their guards have the same key. */
  readonly key: string;
  /** Whether the operator has allowed exactly this host and port. `host` is without brackets. */
  names(host: string, port: number): boolean;
  /** Why drover may not connect to this address (see `specialRange`), or null if it may. */
  refuses(address: string): string | null;
}

/**
 * E_SSRF when the URL alone shows that drover may not connect to its host: it is a special address, or
 * localhost (RFC 6761 section 6.3). Null for all other names: the guard checks the addresses that they have.
 */
export function refusedByUrl(url: string, allow: AllowList): Failure | null {
  const hostname = hostnameOf(url);
  if (!mayBePrivate(hostname)) return null;
  const address = /^localhost\.?$/.test(hostname) ? '127.0.0.1' : hostname.replace(/^\[|\]$/g, '');
  if (!ipaddr.isValid(address)) return null;
  const guard = guardOf(allow);
  const hostPort = hostPortOf(url);
  const port = Number(hostPort.slice(hostPort.lastIndexOf(':') + 1));
  if (guard.names(hostname.replace(/^\[|\]$/g, ''), port)) return null;
  const range = guard.refuses(address);
  return range === null ? null : failure('E_SSRF', `${hostname} is ${range}.`);
}

type Address = ipaddr.IPv4 | ipaddr.IPv6;

const compiled = new WeakMap<AllowList['cidrs'], WeakMap<AllowList['hosts'], Guard>>();
let growingLists = 0;

/** The guard of an allow-list. Throws on an invalid range; the settings have been checked before. */
export function guardOf(allow: AllowList): Guard {
  const known = compiled.get(allow.cidrs)?.get(allow.hosts);
  if (known) return known;
  const guard = compile(allow);
  const byHosts = compiled.get(allow.cidrs) ?? new WeakMap<AllowList['hosts'], Guard>();
  compiled.set(allow.cidrs, byHosts.set(allow.hosts, guard));
  return guard;
}

function compile({ cidrs, hosts: given }: AllowList): Guard {
  const ranges = cidrs.map((cidr) => parseRange(cidr));
  const hosts: ReadonlySet<string> = 'has' in given ? given : new Set(given);
  // A set that may grow later is equal only to itself.
  const hostsKey = 'has' in given ? `#${++growingLists}` : given.toSorted();
  return {
    key: JSON.stringify([cidrs.toSorted(), hostsKey]),
    names: (host, port) => hosts.has(`${host.includes(':') ? `[${host}]` : host}:${port}`),
    refuses: (address) => {
      if (!ipaddr.isValid(address)) return 'unreadable';
      const parsed = ipaddr.process(address);
      if (ranges.some((range) => inRange(parsed, range))) return null;
      return specialRange(parsed);
    },
  };
}

function parseRange(cidr: string): [Address, number] {
  if (cidr.includes('/')) return ipaddr.parseCIDR(cidr);
  const address = ipaddr.process(cidr);
  return [address, address.kind() === 'ipv4' ? 32 : 128];
}

function inRange(address: Address, [network, bits]: [Address, number]): boolean {
  return address.kind() === network.kind() && address.match(network, bits);
}

/**
 * The kind of a special address (private, loopback, linkLocal, …), or null for a public address.
 * Source: the IANA special-purpose registries, as ipaddr.js contains them. An IPv6 address that contains an
 * IPv4 address (mapped, compatible, NAT64, 6to4, Teredo) is as special as the IPv4 address in it.
 */
export function specialRange(address: string | Address): string | null {
  const parsed = typeof address === 'string' ? ipaddr.process(address) : address;
  const range: string = parsed.range();
  if (parsed instanceof ipaddr.IPv4) return range === 'unicast' ? null : range;
  const carried = carriedAddresses(parsed, range);
  if (carried) return carried.map((inner) => specialRange(inner)).find((kind) => kind !== null) ?? null;
  if (range !== 'unicast') return range;
  // Only 2000::/3 is in use as global unicast. ipaddr.js calls other ranges unicast too, but they are not
  // assigned.
  return ((parsed.parts[0] ?? 0) & 0xe000) === 0x2000 ? null : 'unassigned';
}

/** The IPv4 addresses inside an IPv6 address, or null if it is of a kind that contains none. */
function carriedAddresses(address: ipaddr.IPv6, range: string): ipaddr.IPv4[] | null {
  const parts = address.parts;
  const at = (index: number, mask = 0): ipaddr.IPv4 => {
    const high = (parts[index] ?? 0) ^ mask;
    const low = (parts[index + 1] ?? 0) ^ mask;
    return new ipaddr.IPv4([high >> 8, high & 255, low >> 8, low & 255]);
  };
  if (range === 'ipv4Mapped' || range === 'rfc6145') return [at(6)]; // RFC 4291 2.5.5.2, RFC 6145
  // RFC 6052 2.1. The range 64:ff9b:1::/48 (RFC 8215) is for local use and stays special.
  if (isWellKnownNat64(parts)) return [at(6)];
  if (range === '6to4') return [at(1)]; // RFC 3056
  // RFC 4380: the server, then the client with its bits inverted.
  if (range === 'teredo') return [at(2), at(6, 0xffff)];
  const compatible = range === 'unicast' && parts.slice(0, 6).every((part) => part === 0);
  return compatible ? [at(6)] : null; // RFC 4291 2.5.5.1
}

function isWellKnownNat64(parts: readonly number[]): boolean {
  return parts[0] === 0x64 && parts[1] === 0xff9b && parts.slice(2, 6).every((part) => part === 0);
}
