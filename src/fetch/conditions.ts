// Conditional requests (RFC 9110 section 13): a page that is known is asked for only if it has changed.
import type { Answer } from '../outcome.ts';
import { readHttpDate } from './http-date.ts';
import type { Target } from './target.ts';

/** What is asked, and of which hop. */
export interface Conditions {
  /** The URL that gave the known answer. Other hops of the request are asked without conditions. */
  readonly url: string;
  /** Those that are sent: if-none-match, if-modified-since. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Longer ones could make a request too large. */
const LONGEST_ETAG = 1000;
/**
 * The form of RFC 9110 section 8.8.3, with spaces as some servers have them, or without the quotes. An empty
 * one names nothing, and a lone * would mean any page.
 */
const entityTag = /^(?:W\/)?"[\x20\x21\x23-\x7e]+"$|^[\x21\x23-\x29\x2b\x2d-\x7e]+$/;
const printable = /^[\x20-\x7e]{1,100}$/;
const SECOND_MS = 1000;

/**
 * What can be asked about an answer that came from `url` with these headers, names in lower case; null if it
 * has no validator that can be relied on.
 */
export function conditionsOn(url: string, headers: Readonly<Record<string, string>>): Conditions | null {
  if (/(?:^|,)\s*\*\s*(?:,|$)/.test(headers.vary ?? '')) return null;
  const { etag, 'last-modified': modified } = headers;
  const asked: Record<string, string> = {};
  if (etag !== undefined && etag.length <= LONGEST_ETAG && entityTag.test(etag))
    asked['if-none-match'] = etag;
  if (modified !== undefined && isReliable(modified, headers.date)) asked['if-modified-since'] = modified;
  return Object.keys(asked).length === 0 ? null : { url, headers: asked };
}

/**
 * A page may change again within the second in which it was changed and fetched, and Last-Modified would not
 * tell (RFC 9110 section 8.8.2.2).
 */
function isReliable(modified: string, date: string | undefined): boolean {
  const modifiedAt = readHttpDate(modified);
  if (Number.isNaN(modifiedAt) || !printable.test(modified)) return false;
  const answeredAt = readHttpDate(date ?? '');
  return Number.isNaN(answeredAt) || answeredAt - modifiedAt >= SECOND_MS;
}

/** The target as it is sent: with the conditions, if it is the one they are about. */
export function withConditions(target: Target, conditions: Conditions | null | undefined): Target {
  if (!conditions || conditions.url !== target.url.href || target.method !== 'GET' || target.body !== null)
    return target;
  return { ...target, headers: { ...target.headers, ...conditions.headers } };
}

/**
 * How an answer takes the conditions that were sent. `odd`: the page must be asked for without them, because
 * the server cannot deal with them, or says "as it was" of another page than was asked about. Null: the
 * answer is one as to any request, or the hop was asked without conditions.
 */
export function replyTo(conditions: Conditions | null, answer: Answer): 'not-modified' | 'odd' | null {
  if (conditions === null || answer.finalUrl !== conditions.url) return null;
  const { status, headers } = answer;
  if (status === 400 || status === 412 || status === 416) return 'odd';
  if (status !== 304) return null;
  const asked = conditions.headers['if-none-match'];
  const named = headers.etag;
  return asked === undefined || named === undefined || bare(asked) === bare(named) ? 'not-modified' : 'odd';
}

/** Servers add the content coding to the tag of an answer, or make it weak, and do not do so in a 304. */
function bare(etag: string): string {
  return etag
    .replace(/^W\//, '')
    .replaceAll('"', '')
    .replace(/(?<=.)[-;:]{1,2}(?:gzip|br|zstd|deflate)$/i, '');
}

/** They tell of the message, or of how the body came, and the body is the former one. */
const ofTheMessage = new Set([
  ...['content-length', 'content-encoding', 'content-type', 'content-range', 'content-md5', 'content-digest'],
  ...['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade'],
]);

/** The headers of the page after a 304: the former ones, with those that came (RFC 9111 section 3.2). */
export function freshened(
  former: Readonly<Record<string, string>>,
  came: Readonly<Record<string, string>>,
): Record<string, string> {
  const fresh = { ...former };
  for (const name in came) if (!ofTheMessage.has(name)) fresh[name] = came[name] as string;
  return fresh;
}
