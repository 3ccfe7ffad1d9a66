// Follows a redirect: where it leads, and which parts of the request are sent there. The rules are those of
// browsers.
import { type Failure, failure } from '../errors.ts';
import type { Answer, Timings } from '../outcome.ts';
import { badPortOf } from '../url/ports.ts';
import type { AllowList } from './guard.ts';
import { awayHeaders } from './headers.ts';
import { isWeb, plain, type Target } from './target.ts';

const redirects = new Set([301, 302, 303, 307, 308]);

/** An answer that is followed. */
export interface Redirect {
  kind: 'redirect';
  status: number;
  location: string;
  retryAfter: string | null;
  /** The lines of Set-Cookie. */
  setCookie: readonly string[];
  /** IP address of the server; null if it is not known. */
  address: string | null;
  timings: Timings;
}

/** Any other answer. */
export interface LastAnswer {
  kind: 'answer';
  answer: Omit<Answer, 'finalUrl' | 'redirects'>;
  /** The lines of Set-Cookie as they came. */
  setCookie: readonly string[];
  /** A 408 on a reused connection, which the server ended while it was idle. */
  stale: boolean;
}

/** The Location of an answer that is a redirect to follow; null for any other answer. */
export function locationOf(status: number, location: string | undefined): string | null {
  return location && redirects.has(status) ? location : null;
}

/**
 * A Location as Node gives it, each character a byte, with every byte from 0x80 on escaped as it is. Whatever
 * character set the server meant, it gets back its own bytes, as from browsers.
 */
export function escapedLocation(location: string): string {
  return location.replace(/[\x80-\xff]/g, (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase()}`);
}

interface FetchLimits {
  readonly maxRedirects: number;
  readonly allow: AllowList;
}

/**
 * The target of the next hop, or why there is none: E_REDIRECT_LOOP, E_REDIRECT_INVALID or E_PORT.
 * `redirects`: how many there were before this one.
 */
export function nextTarget(
  limits: FetchLimits,
  from: Target,
  redirect: Redirect,
  redirects: number,
): Target | Failure {
  if (redirects >= limits.maxRedirects) return failure('E_REDIRECT_LOOP', `Limit ${limits.maxRedirects}.`);
  return withinPorts(limits, followRedirect(from, redirect.status, redirect.location));
}

/** The target, or E_PORT if its port is a bad one. */
export function withinPorts(
  { allow }: Pick<FetchLimits, 'allow'>,
  target: Target | Failure,
): Target | Failure {
  const port = 'code' in target ? null : badPortOf(target.url.href, allow.ports);
  return port === null ? target : failure('E_PORT', `Port ${port}.`);
}

/**
 * The request after a redirect, or E_REDIRECT_INVALID.
 * Source: https://fetch.spec.whatwg.org/#http-redirect-fetch, with one difference: another origin is sent
 * only user-agent, accept* and, if the body is sent again, its content-type.
 */
export function followRedirect(from: Target, status: number, location: string): Target | Failure {
  const url = resolve(location, from.url.href);
  if (!url) return failure('E_REDIRECT_INVALID', `Location: ${shown(location)}`);
  const becomesGet =
    status === 303
      ? from.method !== 'GET' && from.method !== 'HEAD'
      : (status === 301 || status === 302) && from.method === 'POST';
  const sameOrigin = url.origin === from.url.origin;
  return {
    url,
    method: becomesGet ? 'GET' : from.method,
    headers: awayHeaders(from.headers, sameOrigin, !becomesGet && from.body !== null),
    body: becomesGet ? null : from.body,
  };
}

function resolve(location: string, base: string): URL | null {
  const url = URL.parse(location, base);
  return url && isWeb(url) ? plain(url) : null;
}

/** A Location for use in a message: at most 200 characters, without credentials. */
function shown(location: string): string {
  return location.slice(0, 200).replace(/\/\/[^/@]*@/, '//');
}
