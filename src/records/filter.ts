// A filter of records: which of a crawl's records are wanted. A record matches when all given fields match.
import type { DroverError } from '../errors.ts';
import { isInMediaRange, type MediaRange, readMediaRange } from '../fetch/body/media-range.ts';
import type { CrawlRecord } from '../record.ts';
import { hostKey, limiterKeyOf } from '../url/host.ts';
import { compileUrlPattern } from '../url/url-pattern.ts';
import { STATUS_FORM, TYPE_FORM } from './filter-forms.ts';

export interface RecordFilter {
  readonly status: readonly StatusRange[] | null;
  /** An error code. */
  readonly code: string | null;
  /** True for records that are `ok`, false for all others. */
  readonly ok: boolean | null;
  /** A host as hostKey spells it: `example.com`, `example.com:8080`. */
  readonly host: string | null;
  readonly label: string | null;
  readonly type: readonly MediaRange[] | null;
  /** Whether a URL is wanted. The URL and the one after redirects are asked about. */
  readonly url: ((url: string) => boolean) | null;
  /** The least time at which the request ended; milliseconds since 1970. */
  readonly since: number | null;
}

/** From the first status to the last one; null stands for requests without an answer. */
type StatusRange = readonly [first: number, last: number] | null;

export const EVERY_RECORD: RecordFilter = Object.freeze({
  ...{ status: null, code: null, ok: null, host: null },
  ...{ label: null, type: null, url: null, since: null },
});

/** A filter as users give it: `status` as STATUS_FORM, `type` as TYPE_FORM, `url` as URL_FORM. */
export interface GivenFilter {
  status?: string;
  code?: string;
  ok?: boolean;
  host?: string;
  label?: string;
  type?: string;
  url?: string;
  since?: number;
}

/** Makes the error for a value that cannot be meant. `says` is what is wrong with it. */
export type WrongValue = (field: keyof GivenFilter, says: string) => DroverError;

/** Reads a filter. EVERY_RECORD when nothing is given. Throws what `wrong` makes. */
export function readFilter(given: GivenFilter, wrong: WrongValue): RecordFilter {
  const { status, code, ok, host, label, type, url, since } = given;
  if (Object.values(given).every((value) => value === undefined)) return EVERY_RECORD;
  const read = <T>(field: keyof GivenFilter, value: string | undefined, reader: (text: string) => T) => {
    if (value === undefined) return null;
    try {
      return reader(value);
    } catch (error) {
      throw wrong(field, sentenceOf(error));
    }
  };
  return {
    status: read('status', status, parseStatuses),
    code: code ?? null,
    ok: ok ?? null,
    host: read('host', host, hostKey),
    label: label ?? null,
    type: read('type', type, parseTypes),
    url: read('url', url, urlTest),
    since: since ?? null,
  };
}

function sentenceOf(error: unknown): string {
  const { detail, message } = error as Partial<DroverError>;
  return detail || String(message);
}

function parseStatuses(text: string): StatusRange[] {
  return text.split(',').map((each) => {
    const part = each.trim().toLowerCase();
    if (part === 'none') return null;
    if (/^[1-9]\d\d$/.test(part)) return [Number(part), Number(part)];
    if (/^[1-9]xx$/.test(part)) return [Number(part[0]) * 100, Number(part[0]) * 100 + 99];
    throw new Error(`expected ${STATUS_FORM} (got ${JSON.stringify(text)}).`);
  });
}

function parseTypes(text: string): MediaRange[] {
  return text.split(',').map((each) => {
    const range = readMediaRange(each);
    if (range) return range;
    throw new Error(`expected ${TYPE_FORM} (got ${JSON.stringify(text)}).`);
  });
}

function urlTest(text: string): (url: string) => boolean {
  return /[*[{]/.test(text) ? compileUrlPattern(text, 'the pattern') : (url) => url.includes(text);
}

type Filtered = Pick<
  CrawlRecord,
  'url' | 'finalUrl' | 'status' | 'ok' | 'error' | 'label' | 'fetchedAt' | 'contentType'
>;

function matchesRecord(record: Filtered, filter: RecordFilter): boolean {
  const { status, code, ok, host, label, type, url, since } = filter;
  return (
    (status === null || status.some((range) => isIn(record.status, range))) &&
    (code === null || record.error?.code === code) &&
    (ok === null || record.ok === ok) &&
    (host === null || limiterKeyOf(record.url) === host) &&
    (label === null || record.label === label) &&
    (type === null || isInMediaRange(record.contentType, type)) &&
    (url === null || url(record.url) || (record.finalUrl !== null && url(record.finalUrl))) &&
    (since === null || Date.parse(record.fetchedAt) >= since)
  );
}

function isIn(status: number | null, range: StatusRange): boolean {
  if (range === null || status === null) return range === status;
  return status >= range[0] && status <= range[1];
}

/** The fields after those that filters look at. Inside a JSON string their quotes would be escaped. */
const FIRST_UNFILTERED = Buffer.from(',"attempts":');
/** The same for the filters that look further. */
const FIRST_UNFILTERED_BY_ANY = Buffer.from(',"charset":');

/**
 * Whether the record whose JSON is at [start, end) matches. Only the beginning of the JSON is parsed, because
 * a record may be large. A record that cannot be parsed matches no filter but EVERY_RECORD.
 */
export function matchesLine(bytes: Buffer, start: number, end: number, filter: RecordFilter): boolean {
  if (filter === EVERY_RECORD) return true;
  const { label, type, since } = filter;
  const looksFurther = label !== null || type !== null || since !== null;
  const line = bytes.subarray(start, end);
  const record = readUpTo(line, looksFurther ? FIRST_UNFILTERED_BY_ANY : FIRST_UNFILTERED) ?? readUpTo(line);
  return record !== null && matchesRecord(record, filter);
}

/**
 * User data may have a field of the same name: then what stands before it is no JSON, and null is returned.
 */
function readUpTo(line: Buffer, field?: Buffer): Filtered | null {
  const cut = field ? line.indexOf(field) : -1;
  try {
    const text = line.toString('utf8', 0, cut < 0 ? line.length : cut);
    return JSON.parse(cut < 0 ? text : `${text}}`) as Filtered;
  } catch {
    return null;
  }
}
