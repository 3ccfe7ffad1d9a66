// A filter of records: which of a crawl's records are wanted. A record matches when all given fields match.
import { entryOf } from '../errors.ts';
import type { CrawlRecord } from '../record.ts';
import { limiterKeyOf } from '../url/host.ts';

export interface RecordFilter {
  /** As parseStatuses reads it. */
  readonly status: readonly StatusRange[] | null;
  /** An error code. */
  readonly code: string | null;
  /** True for records with a status 2xx, false for all others. */
  readonly ok: boolean | null;
  /** A host as hostKey spells it: `example.com`, `example.com:8080`. */
  readonly host: string | null;
  /** Text that the URL, or the URL after redirects, contains. */
  readonly url: string | null;
}

/** From the first status to the last one; null stands for requests without an answer. */
type StatusRange = readonly [first: number, last: number] | null;

export const EVERY_RECORD: RecordFilter = Object.freeze({
  status: null,
  code: null,
  ok: null,
  host: null,
  url: null,
});

/** How a status is given, for help texts and errors. */
export const STATUS_FORM = 'a status such as 404, a class such as 4xx, none, or several: 404,5xx';

/** Reads STATUS_FORM; null for any other text. `none` means requests without an answer. */
export function parseStatuses(text: string): StatusRange[] | null {
  const ranges: StatusRange[] = [];
  for (const part of text.split(',').map((each) => each.trim().toLowerCase())) {
    if (part === 'none') ranges.push(null);
    else if (/^[1-9]\d\d$/.test(part)) ranges.push([Number(part), Number(part)]);
    else if (/^[1-9]xx$/.test(part)) ranges.push([Number(part[0]) * 100, Number(part[0]) * 100 + 99]);
    else return null;
  }
  return ranges;
}

/** Whether there is an error code of this name. */
export function isErrorCode(code: string): boolean {
  return entryOf(code) !== null;
}

type Filtered = Pick<CrawlRecord, 'url' | 'finalUrl' | 'status' | 'ok' | 'error'>;

export function matchesRecord(record: Filtered, filter: RecordFilter): boolean {
  const { status, code, ok, host, url } = filter;
  return (
    (status === null || status.some((range) => isIn(record.status, range))) &&
    (code === null || record.error?.code === code) &&
    (ok === null || record.ok === ok) &&
    (host === null || limiterKeyOf(record.url) === host) &&
    (url === null || record.url.includes(url) || (record.finalUrl?.includes(url) ?? false))
  );
}

function isIn(status: number | null, range: StatusRange): boolean {
  if (range === null || status === null) return range === status;
  return status >= range[0] && status <= range[1];
}

/** The field after those that a filter looks at. Inside a JSON string its quotes would be escaped. */
const FIRST_UNFILTERED = Buffer.from(',"attempts":');

/**
 * Whether the record whose JSON is at [start, end) matches. Only the beginning of the JSON is parsed, because
 * a record may be large. A record that cannot be parsed matches no filter but EVERY_RECORD.
 */
export function matchesLine(bytes: Buffer, start: number, end: number, filter: RecordFilter): boolean {
  if (filter === EVERY_RECORD) return true;
  const cut = bytes.subarray(start, end).indexOf(FIRST_UNFILTERED);
  try {
    const text = bytes.toString('utf8', start, cut < 0 ? end : start + cut);
    return matchesRecord(JSON.parse(cut < 0 ? text : `${text}}`) as Filtered, filter);
  } catch {
    return false;
  }
}
