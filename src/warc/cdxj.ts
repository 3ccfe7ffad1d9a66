// Lines of a CDXJ index (version 0.1.0): SURT of the URL, time, and JSON that says where the record is.
import type { Exchange } from '../fetch/exchange.ts';
import { firstHeader } from './http-head.ts';
import type { WarcRecord } from './record.ts';

/** What a line says. */
export interface IndexEntry {
  url: string;
  /** WARC-Date, as it stands in the record. */
  date: string;
  mime: string | null;
  status: number | null;
  digest: string | null;
  offset: number;
  length: number;
  filename: string;
}

/** The line without its end. Values are text, as pywb and warcio write them. */
export function cdxjLine({ url, date, mime, status, digest, ...place }: IndexEntry): string {
  const json = {
    url,
    ...(mime ? { mime } : {}),
    ...(status === null ? {} : { status: String(status) }),
    ...(digest === null ? {} : { digest }),
    length: String(place.length),
    offset: String(place.offset),
    filename: place.filename,
  };
  return `${surtOf(url)} ${date.replace(/\D/g, '').padEnd(17, '0').slice(0, 17)} ${JSON.stringify(json)}`;
}

/**
 * The URL with its host turned round, so that those of one host sort together: `com,example)/path?a&b`. As
 * pywb and warcio make it: in lower case, without www, the parameters sorted.
 */
export function surtOf(url: string): string {
  const parsed = URL.parse(url.replace(/^(https?:\/\/)www\d*\./i, '$1').toLowerCase());
  if (parsed === null || !/^https?:$/.test(parsed.protocol)) return url.replace(/\s/g, '%20');
  const { hostname, port, pathname, search } = parsed;
  const host = hostname.split('.').reverse().join(',');
  const query = search === '' ? '' : `?${search.slice(1).split('&').sort().join('&')}`;
  return `${host}${port === '' ? '' : `:${port}`})${pathname}${query}`;
}

/** What the index says of an answer, but for its place. Only answers to GET can be replayed. */
export function indexedAnswer(
  exchange: Pick<Exchange, 'method' | 'url' | 'status' | 'rawHeaders'>,
  record: Pick<WarcRecord, 'type' | 'fields'>,
  date: string,
): Omit<IndexEntry, 'offset' | 'length' | 'filename'> | null {
  if (exchange.method !== 'GET') return null;
  return {
    url: exchange.url,
    date,
    mime: record.type === 'revisit' ? REVISIT : mimeOf(firstHeader(exchange.rawHeaders, 'content-type')),
    status: exchange.status,
    digest: record.fields.find(([name]) => name === 'WARC-Payload-Digest')?.[1] ?? null,
  };
}

export const REVISIT = 'warc/revisit';

/** The type of a Content-Type without its parameters. */
export function mimeOf(contentType: string | null): string | null {
  return contentType?.split(';', 1)[0]?.trim().toLowerCase() || null;
}
