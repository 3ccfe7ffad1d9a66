// One record of a WARC file (version 1.1, ISO 28500:2017), as one gzip member.
import { createHash, randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { constants, createGzip, gzipSync } from 'node:zlib';

export type WarcType = 'warcinfo' | 'request' | 'response' | 'revisit' | 'metadata';

export interface WarcRecord {
  type: WarcType;
  /** `<urn:uuid:…>` */
  id: string;
  /** Milliseconds since 1970. */
  at: number;
  /** The other named fields, in this order. A field whose value is null is left out. */
  fields: readonly (readonly [name: string, value: string | null])[];
  contentType: string;
  /** The pieces of the block. */
  block: readonly Buffer[];
  blockBytes: number;
  /** The bytes of the block are compressed already. */
  isCoded?: boolean;
}

/** A block up to this size becomes a member in one call; a longer one goes through a stream. */
const AT_ONCE_BYTES = 256 * 1024;
/** A digest over this many bytes takes some milliseconds; then others may go on. */
const PAUSE_BYTES = 8 * 1024 * 1024;

export function newRecordId(): string {
  return `<urn:uuid:${randomUUID()}>`;
}

/** A WARC-Date with milliseconds, in the form of section 5.4. */
export function warcDate(at: number): string {
  return new Date(at).toISOString();
}

/** `sha256:` and hex, as browsertrix and warcio.js write it. SHA-1, the custom before, can be forged. */
export async function labelledDigest(pieces: readonly Buffer[]): Promise<string> {
  const hash = createHash('sha256');
  let since = 0;
  for (const piece of pieces) {
    hash.update(piece);
    since += piece.length;
    if (since < PAUSE_BYTES) continue;
    since = 0;
    await setImmediate();
  }
  return `sha256:${hash.digest('hex')}`;
}

/** The pieces of the record's gzip member. */
export async function* memberOf(record: WarcRecord): AsyncGenerator<Buffer> {
  const pieces = [headOf(record, await labelledDigest(record.block)), ...record.block, END];
  const level = record.isCoded ? constants.Z_BEST_SPEED : LEVEL;
  if (record.blockBytes <= AT_ONCE_BYTES) {
    const bytes = Buffer.concat(pieces);
    yield gzipSync(bytes, bytes.length <= SMALL_BYTES ? SMALL : { level });
    return;
  }
  yield* Readable.from(pieces).pipe(createGzip({ level }));
}

/** Of a page of 10 kB: 1 % more bytes than zlib's usual level 6, for 100 instead of 150 µs. */
const LEVEL = 4;
/**
 * Requests and metadata are small, and most of their cost is the memory that zlib clears for its window and
 * tables: 33 instead of 150 µs.
 */
const SMALL_BYTES = 2048;
const SMALL = { level: constants.Z_BEST_SPEED, windowBits: 11, memLevel: 4 };

/** Two line ends close a record (section 4). */
const END = Buffer.from('\r\n\r\n');

function headOf(record: WarcRecord, blockDigest: string): Buffer {
  const lines = [
    'WARC/1.1',
    `WARC-Type: ${record.type}`,
    `WARC-Record-ID: ${record.id}`,
    `WARC-Date: ${warcDate(record.at)}`,
    ...record.fields.flatMap(([name, value]) => (value === null ? [] : [`${name}: ${value}`])),
    `WARC-Block-Digest: ${blockDigest}`,
    `Content-Type: ${record.contentType}`,
    `Content-Length: ${record.blockBytes}`,
  ];
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`);
}
