// Headers: those of an answer as text (Node gives their bytes as Latin-1), and those that a request sends.
import { isUtf8 } from 'node:buffer';
import type { IncomingHttpHeaders } from 'node:http';
import { acceptEncoding } from './body/content-coding.ts';

const notAscii = /[^\x00-\x7f]/;

/**
 * A header value as text: UTF-8 if its bytes are valid UTF-8, else Latin-1. RFC 9110 section 5.5 leaves this
 * open.
 */
export function headerText(value: string): string {
  if (!notAscii.test(value)) return value;
  const bytes = Buffer.from(value, 'latin1');
  return isUtf8(bytes) ? bytes.toString('utf8') : value;
}

/**
 * Its lines do not make one list: each may begin with the name of a robot, which holds for that line alone.
 */
const byLine = 'x-robots-tag';
/** Of several lines, Node keeps the first alone, but the last valid one counts (Fetch §2.2.2). */
const ofSeveral = 'content-type';

/**
 * Turns Node's header object into the headers of an Answer: one string for each name. Changes the given
 * object and returns it. `rawHeaders`: names and values in turn, as they came.
 */
export function answerHeaders(
  headers: IncomingHttpHeaders,
  rawHeaders: readonly string[],
): Record<string, string> {
  if (headers[byLine] !== undefined) headers[byLine] = linesOf(byLine, rawHeaders).join('\n');
  if (headers[ofSeveral] !== undefined) headers[ofSeveral] = linesOf(ofSeveral, rawHeaders).join(', ');
  for (const name in headers) {
    const value = headers[name];
    if (Array.isArray(value)) headers[name] = headerText(value.join('\n'));
    else if (value !== undefined && notAscii.test(value)) headers[name] = headerText(value);
  }
  return headers as Record<string, string>;
}

/** The values of a header's lines. */
function linesOf(name: string, rawHeaders: readonly string[]): string[] {
  const lines: string[] = [];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const candidate = rawHeaders[at] as string;
    if (candidate.length === name.length && candidate.toLowerCase() === name)
      lines.push(rawHeaders[at + 1] ?? '');
  }
  return lines;
}

/** Headers of the connection or the framing. A request cannot set them (RFC 9110 section 7.6.1). */
const ofTheConnection = new Set([
  'connection',
  'content-length',
  'expect',
  'keep-alive',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/**
 * The headers to send, names in lower case: drover's own headers, replaced by and extended with those of the
 * request.
 */
export function requestHeaders(userAgent: string, given: Record<string, string>): Record<string, string> {
  const headers: Record<string, string> = {
    'user-agent': userAgent,
    accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
    'accept-encoding': acceptEncoding,
  };
  for (const name in given) {
    const lower = name.toLowerCase();
    if (!ofTheConnection.has(lower)) headers[lower] = given[name] as string;
  }
  return headers;
}

/**
 * Those of a request's headers that are sent after a redirect. `sameOrigin`: the redirect stays at the
 * origin. `withBody`: the body is sent again.
 */
export function awayHeaders(
  headers: Record<string, string>,
  sameOrigin: boolean,
  withBody: boolean,
): Record<string, string> {
  const kept = Object.entries(headers).filter(([name]) => {
    if (name.startsWith('content-')) return withBody && (sameOrigin || name === 'content-type');
    return sameOrigin || name === 'user-agent' || name === 'accept' || name.startsWith('accept-');
  });
  return Object.fromEntries(kept);
}
