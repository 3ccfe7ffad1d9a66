// The heads of HTTP/2: what a request sends, and an answer's headers as HTTP/1.1 would have given them.
import { type IncomingHttpHeaders, validateHeaderName, validateHeaderValue } from 'node:http';
import type { OutgoingHttpHeaders } from 'node:http2';
import type { Target } from '../target.ts';

/** `:authority` stands for host; the other belongs to a way of changing the protocol that is gone. */
const notSent = new Set(['host', 'http2-settings']);

/**
 * The headers of a request with its pseudo-headers (RFC 9113 section 8.3.1). Those of the connection are left
 * out of a target (section 8.2.2). Throws the errors of node:http for headers that cannot be sent.
 */
export function sentHeaders({ url, method, headers, body }: Target): OutgoingHttpHeaders {
  const sent: OutgoingHttpHeaders = {
    ':method': method,
    ':scheme': 'https',
    ':authority': headers.host ?? url.host,
    ':path': url.pathname + url.search,
  };
  for (const name in headers) {
    const value = headers[name] as string;
    validateHeaderName(name);
    validateHeaderValue(name, value);
    if (!notSent.has(name)) sent[name] = value;
  }
  if (body !== null) sent['content-length'] = Buffer.byteLength(body);
  return sent;
}

/** The same as a head of HTTP/1.1, without the empty line: how archives keep it. */
export function headOver1(sent: OutgoingHttpHeaders): string {
  let head = `${sent[':method']} ${sent[':path']} HTTP/1.1\r\nhost: ${sent[':authority']}`;
  for (const name in sent) if (!name.startsWith(':')) head += `\r\n${name}: ${sent[name]}`;
  return head;
}

/** Of several lines, node:http keeps the first alone; it joins those of all other headers. */
const firstCounts = new Set([
  ...['age', 'authorization', 'content-length', 'content-type', 'etag', 'expires', 'from', 'host'],
  ...['if-modified-since', 'if-unmodified-since', 'last-modified', 'location', 'max-forwards'],
  ...['proxy-authorization', 'referer', 'retry-after', 'server', 'user-agent'],
]);

/** `rawHeaders`: names and values in turn, as they came; no pseudo-headers. */
export function headersOver1(rawHeaders: readonly string[]): IncomingHttpHeaders {
  const headers = new Map<string, string | string[]>();
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] as string;
    const value = rawHeaders[at + 1] as string;
    const before = headers.get(name);
    if (name === 'set-cookie') headers.set(name, [...(before ?? []), value]);
    else if (before === undefined) headers.set(name, value);
    else if (!firstCounts.has(name)) headers.set(name, `${before}${name === 'cookie' ? '; ' : ', '}${value}`);
  }
  headers.delete('__proto__');
  return Object.fromEntries(headers);
}
