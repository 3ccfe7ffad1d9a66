// One request's line in the results: its shape (DESIGN §7), in the order in which it is written.
import type { ShownFailure } from './errors.ts';

export type BodyForm = 'text' | 'base64' | 'none';

/** Always all of these fields, null where they do not apply. Times in milliseconds. */
export interface CrawlRecord {
  id: string;
  crawl: string;
  url: string;
  finalUrl: string | null;
  method: string;
  status: number | null;
  /** True for 2xx alone. */
  ok: boolean;
  error: ShownFailure | null;
  attempts: number;
  depth: number;
  referrer: string | null;
  label: string | null;
  userData: unknown;
  /** ISO 8601, UTC; when the request ended. */
  fetchedAt: string;
  timings: RecordTimings;
  headers: Record<string, string> | null;
  contentType: string | null;
  charset: string | null;
  /** Length of the decoded body. */
  bytes: number | null;
  /** Hex, of the decoded body. */
  sha256: string | null;
  title: string | null;
  /** Normalised, each once. */
  links: string[] | null;
  /** Whether a page asks not to be indexed (meta robots, X-Robots-Tag): drover keeps it, a search should not show it. */
  noindex: boolean | null;
  body: string | null;
}

export interface RecordTimings {
  /** Waiting in the queue before the attempt that ended it. */
  queue: number | null;
  /** Waiting for the slot. */
  slot: number | null;
  dns: number | null;
  connect: number | null;
  tls: number | null;
  firstByte: number | null;
  download: number | null;
  total: number | null;
}
