// Whose a URL is: its limiter key, origin, host name and registrable domain. The first three are read off the text of
// a normalised URL, which always has a slash after the host and never a default port: each link passes here.
import { getDomain } from 'tldts';
import { DroverError } from '../errors.ts';
import { normalizeUrl } from './normalize.ts';

/**
 * The default limiter key: host name, and port where it is not the scheme's default. `http://a/` and `https://a/` share
 * `a`. A redirect's target may hold a password, which no key may show.
 */
export function limiterKeyOf(url: string): string {
  const key = url.slice(hostStart(url), pathStart(url));
  return key.includes('@') ? key.slice(key.lastIndexOf('@') + 1) : key;
}

/** Scheme, host name and port: `https://example.com:8443`. */
export function originOf(url: string): string {
  return url.slice(0, pathStart(url));
}

/** `example.com`, `127.0.0.1`, `[::1]`. */
export function hostnameOf(url: string): string {
  const key = limiterKeyOf(url);
  const colon = key.lastIndexOf(':');
  return colon < 0 || key.endsWith(']') ? key : key.slice(0, colon);
}

function hostStart(url: string): number {
  return url.charCodeAt(4) === 0x3a ? 7 : 8; // "http:" or "https:"
}

function pathStart(url: string): number {
  return url.indexOf('/', 8);
}

const MOST_REMEMBERED = 10_000;
const remembered = new Map<string, string>();

/**
 * The domain one can register, by the public suffix list with its private part (so `a.github.io` and `b.github.io` are
 * two): `example.co.uk` for `www.example.co.uk`. IP addresses, single labels and suffixes are their own domain.
 * A dot at the end of the name is of no account.
 */
export function registrableDomain(hostname: string): string {
  const known = remembered.get(hostname);
  if (known !== undefined) return known;
  const name = hostname.endsWith('.') ? hostname.slice(0, -1) : hostname;
  const domain = getDomain(name, { allowPrivateDomains: true, extractHostname: false }) ?? name;
  if (remembered.size >= MOST_REMEMBERED) remembered.delete(remembered.keys().next().value ?? '');
  remembered.set(hostname, domain);
  return domain;
}

/** Ends of names that the public DNS does not hold (RFC 6761, RFC 6762, RFC 8375, and common use). */
const privateEnds = /(^|\.)(localhost|local|internal|intranet|private|corp|home|lan|test|home\.arpa)$/;

/**
 * Whether a host can only be meant as one of the operator's own network: an address, a name without a dot, or one with a private ending.
 * A name of the public DNS is not, whatever it resolves to: its owner could point it inward.
 */
export function mayBePrivate(hostname: string): boolean {
  const isAddress = hostname.startsWith('[') || /^[\d.]+$/.test(hostname);
  return isAddress || !hostname.includes('.') || privateEnds.test(hostname);
}

/** host:port with the scheme's default port made explicit. */
export function hostPortOf(url: string): string {
  const { hostname, port, protocol } = new URL(url);
  return `${hostname}:${port || (protocol === 'https:' ? 443 : 80)}`;
}

/**
 * The limiter key that a user names by a host or a URL: `example.com` for `https://Example.com/a` and for
 * `Example.com`; any other key unchanged. Throws E_USAGE.
 */
export function hostKey(text: string): string {
  const isUrl = /^https?:\/\//i.test(text);
  const normalized = normalizeUrl(isUrl ? text : `http://${text}/`);
  if ('url' in normalized) return limiterKeyOf(normalized.url);
  // Requests may name limiter keys that are not hosts.
  if (!isUrl && /^[\x21-\x7e]{1,200}$/.test(text)) return text;
  throw new DroverError('E_USAGE', `${JSON.stringify(text)} is neither a host nor another limiter key.`);
}
