// The identity of a request within a crawl: 64 bits. Among ten million requests, two share one with a chance of 3 in a million.
import { hash } from 'node:crypto';

/**
 * 16 lower-case hex digits: the first 64 bits of SHA-1 over the normalised URL (SHA-1, because a Lua script in Redis has it at hand
 * and so no lane need keep it); if the method is not GET or there is a body, over method, URL and the body's own hash. Headers do
 * not count. An empty body is none.
 */
export function fingerprint(request: { url: string; method?: string; body?: string }): string {
  const { url, method = 'GET', body = '' } = request;
  const identity =
    method === 'GET' && body === '' ? url : `${method}\n${url}\n${hash('sha256', body, 'hex')}`;
  return hash('sha1', identity, 'hex').slice(0, 16);
}

/** The same 64 bits as a signed decimal integer, the form that Redis keeps in 8 bytes in an integer set. */
export function signedDecimal(hex: string): string {
  return BigInt.asIntN(64, BigInt(`0x${hex}`)).toString();
}
