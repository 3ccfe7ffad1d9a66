// The fingerprint is the identity of a request within a crawl, with 64 bits. Among ten million requests, the
// probability that two share a fingerprint is 3 in a million.
import { hash } from 'node:crypto';

/**
 * The fingerprint of a request, as 16 lower-case hex digits: the first 64 bits of a SHA-1. For a GET
 * without body, the hash covers the normalised URL; otherwise it covers the method, the URL and the SHA-256
 * of the body, and `key`, if there is one. Headers do not count, and an empty body counts as none. SHA-1 is
 * used because Lua scripts in Redis can compute it, so that a lane does not need to store fingerprints.
 */
export function fingerprint(request: {
  url: string;
  method?: string | undefined;
  body?: string | undefined;
  key?: string | undefined;
}): string {
  const { url, method = 'GET', body = '', key } = request;
  const isPlain = method === 'GET' && body === '' && key === undefined;
  const identity = isPlain ? url : `${method}\n${url}\n${hash('sha256', body, 'hex')}`;
  return hash('sha1', key === undefined ? identity : `${identity}\n${key}`, 'hex').slice(0, 16);
}

/**
 * A fingerprint as a signed decimal integer. In this form, Redis stores it in 8 bytes in a set of integers.
 */
export function signedDecimal(hex: string): string {
  return BigInt.asIntN(64, BigInt(`0x${hex}`)).toString();
}
