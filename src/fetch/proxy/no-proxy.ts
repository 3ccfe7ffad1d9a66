// For which hosts no proxy is used: NO_PROXY and --noproxy, read by the rules of curl. An entry may name a
// port besides.
import net from 'node:net';
import ipaddr from 'ipaddr.js';
import { hostOf, portOf } from '../target.ts';

/** Whether requests to this URL go without a proxy. */
export type NoProxy = (url: URL) => boolean;

/**
 * Reads entries between commas or blanks. `*` alone: every host. A name means itself and all names below it,
 * with or without a dot before it. An address means itself, and a range (10.0.0.0/8) the addresses in it,
 * both where the URL has an address. No name is looked up for this.
 */
export function readNoProxy(text: string): NoProxy {
  const entries = text.split(/[\s,]+/).filter(Boolean);
  if (entries.length === 1 && entries[0] === '*') return () => true;
  const matchers = entries.map(matcherOf);
  return (url) => {
    const host = hostOf(url).replace(/\.$/, '');
    const port = portOf(url);
    return matchers.some((matches) => matches(host, port));
  };
}

type Matcher = (host: string, port: number) => boolean;

function matcherOf(entry: string): Matcher {
  const { host, port } = splitPort(entry);
  const matches = net.isIP(host.split('/')[0] ?? '') === 0 ? nameMatcher(host) : addressMatcher(host);
  return port === null ? matches : (wanted, itsPort) => itsPort === port && matches(wanted, itsPort);
}

/** An IPv6 address has its port behind brackets. */
function splitPort(entry: string): { host: string; port: number | null } {
  const [, bracketed, name, digits] = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d{1,5}))?$/.exec(entry) ?? [];
  const host = bracketed ?? name;
  return host === undefined
    ? { host: entry, port: null }
    : { host, port: digits === undefined ? null : Number(digits) };
}

function nameMatcher(entry: string): Matcher {
  const name = entry
    .toLowerCase()
    .replace(/^\*?\./, '')
    .replace(/\.$/, '');
  return (host) => name !== '' && net.isIP(host) === 0 && (host === name || host.endsWith(`.${name}`));
}

function addressMatcher(entry: string): Matcher {
  const range = rangeOf(entry);
  return (host) => {
    if (range === null || net.isIP(host) === 0) return false;
    const address = ipaddr.process(host);
    const [network, bits] = range;
    return address.kind() === network.kind() && address.match(network, bits);
  };
}

/** Null for a range that cannot be read. */
function rangeOf(entry: string): [ipaddr.IPv4 | ipaddr.IPv6, number] | null {
  if (entry.includes('/')) return ipaddr.isValidCIDR(entry) ? ipaddr.parseCIDR(entry) : null;
  const address = ipaddr.process(entry);
  return [address, address.kind() === 'ipv4' ? 32 : 128];
}
