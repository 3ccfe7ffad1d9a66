// The record of a request: one line of the results. The fields are written in the order in which they stand
// here.
import type { ShownFailure } from './errors.ts';
import type { Redirected, Rendered } from './outcome.ts';
import type { Usage } from './usage/statement.ts';

export type BodyForm = 'text' | 'base64' | 'none';

/** A record always has all these fields; a field that does not apply is null. */
export interface CrawlRecord {
  id: string;
  crawl: string;
  url: string;
  finalUrl: string | null;
  method: string;
  status: number | null;
  /** True only for a status 2xx, and for a 304 that says that the page is as in the former run. */
  ok: boolean;
  error: ShownFailure | null;
  attempts: number;
  depth: number;
  referrer: string | null;
  label: string | null;
  userData: unknown;
  /** When the request ended: ISO 8601 in UTC. */
  fetchedAt: string;
  timings: RecordTimings;
  headers: Record<string, string> | null;
  contentType: string | null;
  charset: string | null;
  /** The length of the decoded body. */
  bytes: number | null;
  /** The SHA-256 of the decoded body, in hex. */
  sha256: string | null;
  title: string | null;
  /** The links of the page, normalised, each once. */
  links: string[] | null;
  /**
   * Whether the page asks not to be indexed (meta robots, X-Robots-Tag). drover keeps it, but a search should
   * not show it.
   */
  noindex: boolean | null;
  /** What the site said about the use of this content when it was fetched; null when it said nothing. */
  usage: Usage | null;
  /** What a handler emitted, in its order; null if no handler took the page. */
  items: EmittedItem[] | null;
  /** The answers that led from `url` to `finalUrl`, in order; null if there were none. */
  redirects: Redirected[] | null;
  /**
   * In a crawl that was begun again: the record of the former run to which the page is equal, by the server's
   * word (304) or by its digest. Null when the page is new or changed, and in any other crawl. Of a 304, what
   * did not come again stands here as it was: body, bytes, sha256, title, links, noindex and items.
   */
  unchanged: FormerRecord | null;
  /**
   * In a crawl that was begun again: how long after `fetchedAt` the page is due again, in milliseconds. Null
   * in any other crawl, and for what is no page.
   */
  revisitMs: number | null;
  /** The proxy through which the last fetch went, without user and password; null for none. */
  proxy: string | null;
  /** The version of HTTP of the last answer: "1.0", "1.1", "2"; null if there was none. */
  http: string | null;
  /** What a browser did, if one has made the page: the body is its document as HTML. Null for none. */
  rendered: Rendered | null;
  /** The session in which it was fetched, with its generation from the second on; null for none. */
  session: string | null;
  body: string | null;
}

/** A record of another crawl. */
export interface FormerRecord {
  crawl: string;
  id: string;
}

/** One item, with the name of the handler that emitted it. */
export interface EmittedItem {
  handler: string;
  item: unknown;
}

/** How long each part took, in milliseconds; null for a part that did not take place. */
export interface RecordTimings {
  /** Time in the queue before the last attempt. */
  queue: number | null;
  /** Time spent waiting for the slot. */
  slot: number | null;
  dns: number | null;
  connect: number | null;
  tls: number | null;
  firstByte: number | null;
  download: number | null;
  total: number | null;
}
