// The target of one hop: URL, method, headers and body.
import querystring from 'node:querystring';
import { type Failure, failure } from '../errors.ts';
import { awayHeaders, requestHeaders } from './headers.ts';

export interface Target {
  /** http or https; without fragment and credentials. */
  readonly url: URL;
  readonly method: string;
  /** Names in lower case. */
  readonly headers: Record<string, string>;
  readonly body: string | null;
}

interface FirstHop {
  url: string;
  method: string;
  headers: Record<string, string>;
  body: string | null;
  userAgent: string;
  /** The hop to begin at: its URL and method, and which headers and body are sent to it. */
  from?: { url: string; method: string; isAway: boolean; withBody: boolean } | null;
}

/**
 * The target of a request's first hop, or E_URL_INVALID or E_URL_SCHEME. Credentials in the URL become an
 * authorization header. It is sent only to the origin of that URL and appears in no message.
 */
export function firstTarget(wanted: FirstHop): Target | Failure {
  const { from } = wanted;
  const url = URL.parse(from?.url ?? wanted.url);
  if (!url) return failure('E_URL_INVALID');
  if (!isWeb(url)) return failure('E_URL_SCHEME');
  const all = requestHeaders(wanted.userAgent, wanted.headers);
  const withBody = wanted.body !== null && (from?.withBody ?? true);
  const headers = from && (from.isAway || !withBody) ? awayHeaders(all, !from.isAway, withBody) : all;
  if (url.username !== '' || url.password !== '') {
    const credentials = querystring.unescape(`${url.username}:${url.password}`);
    headers.authorization ??= `Basic ${Buffer.from(credentials).toString('base64')}`;
  }
  return {
    url: plain(url),
    method: (from?.method ?? wanted.method).toUpperCase(),
    headers,
    body: withBody ? wanted.body : null,
  };
}

export function isWeb(url: URL): boolean {
  return url.protocol === 'http:' || url.protocol === 'https:';
}

/**
 * Removes fragment and credentials from the given URL and returns it. Setters are slow, so they are called
 * only if needed.
 */
export function plain(url: URL): URL {
  if (url.username !== '') url.username = '';
  if (url.password !== '') url.password = '';
  if (url.href.includes('#')) url.hash = ''; // url.hash is empty for a single "#", but url.href has it
  return url;
}

/** The host as the network functions expect it: an IPv6 address is without brackets. */
export function hostOf({ hostname }: URL): string {
  return hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
}

export function portOf({ port, protocol }: URL): number {
  if (port !== '') return Number(port);
  return protocol === 'https:' ? 443 : 80;
}

/** The server as messages name it: host:port. */
export function peerOf(url: URL): string {
  return `${url.hostname}:${portOf(url)}`;
}
