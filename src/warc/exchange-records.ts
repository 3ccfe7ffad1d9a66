// The records of one exchange: the request, what came (response or revisit), and metadata of the crawl.
import type { Exchange } from '../fetch/exchange.ts';
import { answerHead, firstHeader, isConditional, requestHead } from './http-head.ts';
import { labelledDigest, newRecordId, type WarcRecord, warcDate } from './record.ts';

/** What the crawl knows of an exchange. */
export interface ExchangeNotes {
  /** The page, or the hop before it, that led here; null for a seed and for robots.txt. */
  via: string | null;
  /**
   * How it was reached, a letter a step, as Heritrix writes it: L link, E requisite of a page, R redirect, P
   * prerequisite (robots.txt).
   */
  path: string;
  /** For a conditional request: the record of the answer that may be valid still. */
  former: FormerAnswer | null;
}

/** An archived answer, by what a revisit record names of it. `at`: milliseconds since 1970. */
export interface FormerAnswer {
  url: string;
  at: number;
  /** Null if it is not known, as for one of a former crawl. */
  recordId: string | null;
  payloadDigest: string | null;
}

export interface ExchangeRecords {
  records: WarcRecord[];
  /** The one that holds what came. */
  answer: WarcRecord;
  /** The digest of the payload that came; null if none did. */
  payloadDigest: string | null;
}

const PROFILE = 'http://netpreserve.org/warc/1.1/revisit/';
const LONGEST_PATH = 50;

/**
 * `seen`: the answer with the same payload that the archive holds already, or null. `warcinfo`: the id of the
 * file's first record.
 */
export async function exchangeRecords(
  exchange: Exchange,
  notes: ExchangeNotes,
  warcinfo: string,
  seen: (payloadDigest: string) => FormerAnswer | null,
): Promise<ExchangeRecords> {
  const payloadDigest = exchange.bodyBytes > 0 ? await labelledDigest(exchange.body) : null;
  const isUnchanged = exchange.status === 304 && isConditional(exchange.requestHead);
  const same = payloadDigest === null || exchange.truncated ? null : seen(payloadDigest);
  const answer = isUnchanged
    ? revisitOf(exchange, 'server-not-modified', notes.former)
    : same
      ? revisitOf(exchange, 'identical-payload-digest', same)
      : responseOf(exchange, payloadDigest);
  const shared = sharedFields(exchange, warcinfo);
  answer.fields = [...shared, ...answer.fields];
  const request = await requestOf(exchange, shared, answer.id);
  return {
    records: [request, answer, metadataOf(exchange, notes, warcinfo, answer.id)],
    answer,
    payloadDigest,
  };
}

type Fields = WarcRecord['fields'];

function sharedFields(exchange: Exchange, warcinfo: string): Fields {
  return [
    ['WARC-Target-URI', exchange.url],
    ['WARC-Warcinfo-ID', warcinfo],
    ['WARC-IP-Address', exchange.address],
    ...exchange.protocols.map((protocol) => ['WARC-Protocol', protocol] as const),
    ['WARC-Cipher-Suite', exchange.cipher],
  ];
}

const ANSWER = 'application/http;msgtype=response';

function responseOf(exchange: Exchange, payloadDigest: string | null): WarcRecord {
  const head = Buffer.from(answerHead(exchange.statusLine, exchange.rawHeaders), 'latin1');
  return {
    ...{ type: 'response', id: newRecordId(), at: exchange.beganAt, contentType: ANSWER },
    fields: [
      ['WARC-Payload-Digest', payloadDigest ?? EMPTY_PAYLOAD],
      ['WARC-Truncated', exchange.truncated],
    ],
    block: [head, ...exchange.body],
    blockBytes: head.length + exchange.bodyBytes,
    isCoded: firstHeader(exchange.rawHeaders, 'content-encoding') !== null,
  };
}

/** SHA-256 of no bytes. */
const EMPTY_PAYLOAD = 'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

/** Holds the head alone, so its block is truncated (section 6.7.2). */
function revisitOf(
  exchange: Exchange,
  profile: 'identical-payload-digest' | 'server-not-modified',
  former: FormerAnswer | null,
): WarcRecord {
  const head = Buffer.from(answerHead(exchange.statusLine, exchange.rawHeaders), 'latin1');
  return {
    ...{ type: 'revisit', id: newRecordId(), at: exchange.beganAt, contentType: ANSWER },
    fields: [
      ['WARC-Profile', PROFILE + profile],
      ['WARC-Refers-To', former?.recordId ?? null],
      ['WARC-Refers-To-Target-URI', former?.url ?? null],
      ['WARC-Refers-To-Date', former ? warcDate(former.at) : null],
      ['WARC-Payload-Digest', former?.payloadDigest ?? null],
      ['WARC-Truncated', profile === 'identical-payload-digest' ? 'length' : null],
    ],
    block: [head],
    blockBytes: head.length,
  };
}

async function requestOf(exchange: Exchange, shared: Fields, answer: string): Promise<WarcRecord> {
  const head = Buffer.from(requestHead(exchange.requestHead), 'latin1');
  const body = exchange.requestBody === null ? [] : [Buffer.from(exchange.requestBody)];
  return {
    ...{ type: 'request', id: newRecordId(), at: exchange.beganAt },
    fields: [
      ...shared,
      ['WARC-Concurrent-To', answer],
      ['WARC-Payload-Digest', body.length === 0 ? null : await labelledDigest(body)],
    ],
    contentType: 'application/http;msgtype=request',
    block: [head, ...body],
    blockBytes: head.length + (body[0]?.length ?? 0),
  };
}

/** The fields of section 6.8. */
function metadataOf(exchange: Exchange, notes: ExchangeNotes, warcinfo: string, answer: string): WarcRecord {
  const path = shortened(notes.path);
  const lines = [
    ...(notes.via === null ? [] : [`via: ${notes.via}`]),
    ...(path === '' ? [] : [`hopsFromSeed: ${path}`]),
    `fetchTimeMs: ${Math.round(exchange.tookMs)}`,
  ];
  const block = Buffer.from(`${lines.join('\r\n')}\r\n`);
  return {
    ...{ type: 'metadata', id: newRecordId(), at: exchange.beganAt },
    fields: [
      ['WARC-Target-URI', exchange.url],
      ['WARC-Warcinfo-ID', warcinfo],
      ['WARC-Concurrent-To', answer],
    ],
    contentType: 'application/warc-fields',
    block: [block],
    blockBytes: block.length,
  };
}

/** Of a long path, its end, behind the number of steps before it: `12+LLR`. */
function shortened(path: string): string {
  const over = path.length - LONGEST_PATH;
  return over > 0 ? `${over}+${path.slice(over)}` : path;
}
