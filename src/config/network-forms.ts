// How hosts, pinned addresses and files for hosts are written in settings of the network.
import { isIP } from 'node:net';

/** A host as a user names it: a name or an address without brackets, in the form of URLs. */
export interface NamedHost {
  readonly host: string;
  /** Null: every port. */
  readonly port: number | null;
}

/** One --resolve: the addresses that a host has at one port. */
export interface ResolveEntry {
  /** `*`: every host that has no entry of its own. */
  readonly host: string;
  readonly port: number;
  readonly addresses: readonly string[];
}

/** A file that is for one host, or for the hosts that nobody names. */
export interface HostFile {
  readonly of: NamedHost | null;
  readonly path: string;
}

const RESOLVE_FORM =
  'expected HOST:PORT:ADDRESS, such as example.com:443:192.0.2.7 or *:80:192.0.2.7,[2001:db8::7]';

/** Throws an Error whose message says what is wrong. */
export function readResolveEntry(text: string): ResolveEntry {
  const [, place = '', digits, list = ''] =
    /^(\*|\[[^\]\s]+\]|[^\s:[\]/@]+):(\d{1,5}):(\S+)$/.exec(text.trim()) ?? [];
  if (digits === undefined) throw new Error(RESOLVE_FORM);
  const host = place === '*' ? place : hostOf(place);
  if (isIP(host) !== 0) throw new Error('expected a name before the port: an address is never looked up');
  const addresses = list.split(',').map((part) => /^\[(.+)\]$/.exec(part)?.[1] ?? part);
  const wrong = addresses.find((address) => isIP(address) === 0);
  if (wrong !== undefined) throw new Error(`${JSON.stringify(wrong)} is no IP address; ${RESOLVE_FORM}`);
  return { host, port: portOf(digits), addresses };
}

/** `example.com`, `example.com:8443` or `[::1]:8443`; never a pattern. Throws an Error. */
export function readNamedHost(text: string): NamedHost {
  if (text.includes('*')) throw new Error('expected the name of one host: a pattern would open all of them');
  const [, place, digits] = /^(\[[^\]\s]+\]|[^\s:[\]/@=]+)(?::(\d{1,5}))?$/.exec(text.trim()) ?? [];
  if (place === undefined) throw new Error('expected a host such as example.com or example.com:8443');
  return { host: hostOf(place), port: digits === undefined ? null : portOf(digits) };
}

/** `FILE`, or `HOST=FILE`. Throws an Error. */
export function readHostFile(text: string): HostFile {
  const [, place, path = text] = /^([^=/\\]+)=(.*)$/s.exec(text) ?? [];
  if (path.trim() === '') throw new Error('expected a file, or HOST=FILE');
  return { of: place === undefined ? null : readNamedHost(place), path };
}

/** As URLs write it: in lower case, IDN as punycode. */
function hostOf(place: string): string {
  const hostname = URL.parse(`http://${place}/`)?.hostname ?? '';
  if (hostname === '') throw new Error(`${JSON.stringify(place)} is no host`);
  return hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
}

function portOf(digits: string): number {
  const port = Number(digits);
  if (port < 1 || port > 65_535) throw new Error('expected a port from 1 to 65535');
  return port;
}
