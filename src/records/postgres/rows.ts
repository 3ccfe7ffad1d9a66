// A record as a row, and a row as the JSON of its record. The body is kept apart, compressed with zstd.
import { promisify } from 'node:util';
import { zstdCompress, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { CrawlRecord } from '../../record.ts';
import { limiterKeyOf } from '../../url/host.ts';
import { recordJson } from '../line.ts';
import type { Row } from './connect.ts';

/** The columns that a batch brings, with their types, in the order of the table. */
export const COLUMNS: Readonly<Record<string, string>> = {
  id: 'text',
  claim: 'bigint',
  url: 'text',
  final_url: 'text',
  method: 'text',
  status: 'integer',
  ok: 'boolean',
  code: 'text',
  layer: 'text',
  message: 'text',
  host: 'text',
  attempts: 'integer',
  depth: 'integer',
  referrer: 'text',
  label: 'text',
  user_data: 'json',
  fetched_at: 'timestamptz',
  timings: 'json',
  headers: 'json',
  content_type: 'text',
  charset: 'text',
  bytes: 'bigint',
  sha256: 'text',
  title: 'text',
  links: 'json',
  noindex: 'boolean',
  usage: 'json',
  items: 'json',
  redirects: 'json',
  unchanged: 'json',
  revisit_ms: 'bigint',
  proxy: 'text',
  http: 'text',
  rendered: 'json',
  session: 'text',
};

/** A record on its way into the table. */
export interface OutgoingRow {
  id: string;
  claim: number;
  /** The columns as a JSON object, without its last brace. */
  json: string;
  /** The compressed body; null if there is none. */
  body: Buffer | null;
  /**
   * The whole record, compressed, where PostgreSQL cannot hold one of its values as it is; otherwise null.
   * Readers take it in place of the columns.
   */
  exact: Buffer | null;
  hasItems: boolean;
}

/** Longer texts are compressed on another thread. */
const LONG = 256 * 1024;
const compressElsewhere = promisify(zstdCompress);

function compress(text: string): Buffer | Promise<Buffer> {
  return text.length > LONG ? compressElsewhere(Buffer.from(text)) : zstdCompressSync(Buffer.from(text));
}

/** A record as it is kept in `exact`. */
export async function recompressed(record: CrawlRecord): Promise<Buffer> {
  return compress(recordJson(record));
}

export const decompressed = (bytes: Buffer): string => zstdDecompressSync(bytes).toString();

/** JSON.stringify writes NUL as \\u0000 and half a pair as \\ud83d, and nothing else begins like this. */
const isOdd = (json: string) => json.includes('\\u0000') || json.includes('\\ud');

/**
 * The row of a record. PostgreSQL holds neither U+0000 nor half a surrogate pair in texts and JSON: where a
 * record has one, its columns have U+FFFD in their place, and `exact` has the record as it is.
 */
export async function rowOf(record: CrawlRecord, claim: number): Promise<OutgoingRow> {
  const { id, body } = record;
  const hasItems = (record.items?.length ?? 0) > 0;
  const json = columnsOf(record, claim);
  const row = { id, claim, json, body: body === null ? null : await compress(body), exact: null, hasItems };
  if (!isOdd(json) && (body?.isWellFormed() ?? true)) return row;
  const exact = await compress(recordJson(record));
  return { ...row, json: columnsOf(withoutOddities(record), claim), exact };
}

/**
 * The row of a record whose values PostgreSQL has refused: only what the table needs, with the record as it
 * is in `exact`.
 */
export async function bareRowOf(record: CrawlRecord, claim: number): Promise<OutgoingRow> {
  const { id, status, ok } = record;
  const url = shown(record.url);
  const json = JSON.stringify({ id, claim, url, status, ok, code: record.error?.code }).slice(0, -1);
  return { id, claim, json, body: null, exact: await compress(recordJson(record)), hasItems: false };
}

const shown = (text: string) => text.toWellFormed().replaceAll('\0', '\ufffd');

function columnsOf(record: CrawlRecord, claim: number): string {
  const { error } = record;
  return JSON.stringify({
    id: record.id,
    claim,
    url: record.url,
    final_url: record.finalUrl,
    method: record.method,
    status: record.status,
    ok: record.ok,
    code: error?.code,
    layer: error?.layer,
    message: error?.message,
    host: limiterKeyOf(record.url),
    attempts: record.attempts,
    depth: record.depth,
    referrer: record.referrer,
    label: record.label,
    user_data: record.userData,
    fetched_at: record.fetchedAt,
    timings: record.timings,
    headers: record.headers,
    content_type: record.contentType,
    charset: record.charset,
    bytes: record.bytes,
    sha256: record.sha256,
    title: record.title,
    links: record.links,
    noindex: record.noindex,
    usage: record.usage,
    items: record.items,
    redirects: record.redirects,
    unchanged: record.unchanged,
    revisit_ms: record.revisitMs,
    proxy: record.proxy,
    http: record.http,
    rendered: record.rendered,
    session: record.session,
  }).slice(0, -1);
}

/** A copy with U+FFFD in place of what PostgreSQL cannot hold. */
function withoutOddities<T>(value: T): T {
  if (typeof value === 'string') return shown(value) as T;
  if (Array.isArray(value)) return value.map(withoutOddities) as T;
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([name, inner]) => [shown(name), withoutOddities(inner)]);
  return Object.fromEntries(entries) as T;
}

/** What a reader selects, in this order or any other; `R` stands for the table of records. */
export const SELECTED = [
  ...Object.keys(COLUMNS).filter((name) => name !== 'fetched_at' && name !== 'host'),
  'exact',
  'written_order',
]
  .map((name) => `r.${name}`)
  .concat(`to_char(r.fetched_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as fetched_at`)
  .join(', ');

const text = (value: unknown) => JSON.stringify(value ?? null);
/** The column has JSON already. */
const raw = (value: unknown) => (value == null ? 'null' : String(value));

/** The record's JSON, with its fields in the order of src/record.ts. */
export function jsonOf(row: Row, crawl: string, body: string | null): string {
  if (row.exact) return decompressed(row.exact as Buffer);
  const error =
    row.code == null
      ? 'null'
      : `{"code":${text(row.code)},"layer":${text(row.layer)},"message":${text(row.message)}}`;
  return (
    `{"id":${text(row.id)},"crawl":${text(crawl)},"url":${text(row.url)},"finalUrl":${text(row.final_url)}` +
    `,"method":${text(row.method)},"status":${raw(row.status)},"ok":${raw(row.ok)},"error":${error}` +
    `,"attempts":${raw(row.attempts)},"depth":${raw(row.depth)},"referrer":${text(row.referrer)}` +
    `,"label":${text(row.label)},"userData":${raw(row.user_data)},"fetchedAt":${text(row.fetched_at)}` +
    `,"timings":${raw(row.timings)},"headers":${raw(row.headers)},"contentType":${text(row.content_type)}` +
    `,"charset":${text(row.charset)},"bytes":${raw(row.bytes)},"sha256":${text(row.sha256)}` +
    `,"title":${text(row.title)},"links":${raw(row.links)},"noindex":${raw(row.noindex)}` +
    `,"usage":${raw(row.usage)},"items":${raw(row.items)},"redirects":${raw(row.redirects)}` +
    `,"unchanged":${raw(row.unchanged)},"revisitMs":${raw(row.revisit_ms)},"proxy":${text(row.proxy)},"http":${text(row.http)}` +
    `,"rendered":${raw(row.rendered)},"session":${text(row.session)},"body":${text(body)}}`
  );
}
