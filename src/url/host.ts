// The host of a URL: its limiter key, origin, host name and registrable domain. Every link passes here, so
// the first three are cut from the text of a normalised URL, which always has a slash after the host and
// never a default port.
import { getDomain } from 'tldts';
import { DroverError } from '../errors.ts';
import { normalizeUrl } from './normalize.ts';

/**
 * The default limiter key of a URL: the host name, and the port if it is not the scheme's default.
 * `http://a/` and `https://a/` share the key `a`. The target of a redirect may contain a password, which
 * never becomes part of a key.
 */
export function limiterKeyOf(url: string): string {
  const key = url.slice(hostStart(url), pathStart(url));
  return key.includes('@') ? key.slice(key.lastIndexOf('@') + 1) : key;
}

/** Scheme, host name and port, for example `https://example.com:8443`. */
export function originOf(url: string): string {
  return url.slice(0, pathStart(url));
}

/** The host name without port, for example `example.com`, `127.0.0.1` or `[::1]`. */
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
 * The registrable domain of a host name: `example.co.uk` for `www.example.co.uk`. The public suffix list
 * decides, including its private part, so `a.github.io` and `b.github.io` are different domains. IP
 * addresses, names of one label and public suffixes are their own domain. A dot at the end of the name is
 * ignored.
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

/** Endings of names that are not in the public DNS (RFC 6761, RFC 6762, RFC 8375, and common use). */
const privateEnds = /(^|\.)(localhost|local|internal|intranet|private|corp|home|lan|test|home\.arpa)$/;

/**
 * Whether a host name can only mean a host of the operator's own network: an IP address, a name without a
 * dot, or a name with a private ending. A name of the public DNS never counts, whatever it resolves to: its
 * owner could make it resolve to a private address.
 */
export function mayBePrivate(hostname: string): boolean {
  const isAddress = hostname.startsWith('[') || /^[\d.]+$/.test(hostname);
  return isAddress || !hostname.includes('.') || privateEnds.test(hostname);
}

/** "host:port" of a URL, with the port even if it is the scheme's default. Throws if `url` is no URL. */
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
  // A path would be dropped silently.
  if (!isUrl && /[/?#\\]./.test(text))
    throw new DroverError(
      'E_USAGE',
      `${JSON.stringify(text)} is no host, because of what follows its name; a URL begins with https:// or http://.`,
    );
  const normalized = normalizeUrl(isUrl ? text : `http://${text}/`);
  if ('url' in normalized) return limiterKeyOf(normalized.url);
  // Requests may name limiter keys that are not hosts.
  if (!isUrl && /^[\x21-\x7e]{1,200}$/.test(text)) return text;
  throw new DroverError('E_USAGE', `${JSON.stringify(text)} is neither a host nor another limiter key.`);
}
