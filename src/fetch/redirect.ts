// Following a redirect: where it leads, and what of the request goes there. The rules are those of browsers.
import { type Failure, failure } from '../errors.ts';
import { awayHeaders } from './headers.ts';
import { isWeb, plain, type Target } from './target.ts';

const redirects = new Set([301, 302, 303, 307, 308]);

/** The Location of an answer that is to be followed; null for an answer that stands for itself. */
export function locationOf(status: number, location: string | undefined): string | null {
  return location && redirects.has(status) ? location : null;
}

/**
 * The request after a redirect, or E_REDIRECT_INVALID.
 * Source: https://fetch.spec.whatwg.org/#http-redirect-fetch; but to another origin only user-agent, accept* and the
 * type of a body that goes along are sent.
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

/** Long or foreign text in a message: bounded, and without credentials. */
function shown(location: string): string {
  return location.slice(0, 200).replace(/\/\/[^/@]*@/, '//');
}
