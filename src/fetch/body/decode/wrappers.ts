// What stands around compressed data: the headers and checksums of gzip and zlib, and how data without its
// last block ends.
import zlib from 'node:zlib';
import { outputPiece } from './engine.ts';
import { CodingError, type Rule } from './walk.ts';

/** What follows the compressed data, made from its output. */
export interface Checksum {
  readonly bytes: number;
  update(output: Uint8Array): void;
  /** The bytes that must follow the data. */
  expected(): Buffer;
}

/** A format that wraps data which says itself where it ends. */
export interface Wrapper {
  /** The rule of the header. Null: it has none, or it has been passed over. */
  header(): Rule | null;
  checksum(): Checksum | null;
  createEngine(): zlib.InflateRaw | zlib.BrotliDecompress;
  /** An empty last block. It completes data that ends with a flush, and no other data without more output. */
  readonly lastBlock: Buffer;
  /** How data ends that was flushed. */
  readonly flushed: Buffer;
}

/**
 * A stored block of no bytes: a sync flush writes it, the last bit of its header aside (RFC 1951 section
 * 3.2.4).
 */
const deflate = {
  createEngine: () => zlib.createInflateRaw(outputPiece),
  lastBlock: Buffer.from([0x01, 0x00, 0x00, 0xff, 0xff]),
  flushed: Buffer.from([0x00, 0x00, 0xff, 0xff]),
};

export const gzip: Wrapper = { ...deflate, header: gzipHeader, checksum: () => new GzipChecksum() };
export const zlibFormat: Wrapper = { ...deflate, header: zlibHeader, checksum: () => new Adler32() };
export const rawDeflate: Wrapper = { ...deflate, header: () => null, checksum: () => null };

/**
 * Brotli. An empty metadata block and an empty last block (RFC 7932 section 9.2). The first of them makes
 * sure that the data did not stop within the header of a block that was to have content.
 */
export const brotli: Wrapper = {
  header: () => null,
  checksum: () => null,
  createEngine: () => zlib.createBrotliDecompress(outputPiece),
  lastBlock: Buffer.from([0x06, 0x03]),
  flushed: Buffer.alloc(0),
};

/** Whether the data begins as a gzip member (RFC 1952 section 2.3.1). */
export function isGzip(data: Uint8Array): boolean {
  return data[0] === 0x1f && data[1] === 0x8b;
}

/**
 * Whether the data begins with a zlib header. "deflate" means the zlib format (RFC 1950 section 2.2), but
 * some servers send raw deflate data without this header, and browsers accept both.
 */
export function hasZlibHeader(data: Uint8Array): boolean {
  const [first = 0, second = 0] = data;
  return (first & 0x0f) === 8 && first >> 4 <= 7 && (first * 256 + second) % 31 === 0;
}

const hasHeaderChecksum = 0x02;
const hasExtra = 0x04;
const hasName = 0x08;
const hasComment = 0x10;
const reserved = 0xe0;

/** RFC 1952 section 2.3. The checksum of the header is passed over: that of the content is verified. */
function* gzipHeader(): Rule {
  for (const byte of [0x1f, 0x8b, 8]) if ((yield 1) !== byte) throw new CodingError('no gzip header');
  const flags = yield 1;
  if (flags & reserved) throw new CodingError('unknown flags in the gzip header');
  yield 6;
  if (flags & hasExtra) {
    const low = yield 1;
    const bytes = low + 256 * (yield 1);
    if (bytes > 0) yield bytes;
  }
  for (const text of [hasName, hasComment]) if (flags & text) while ((yield 1) !== 0);
  if (flags & hasHeaderChecksum) yield 2;
}

/** RFC 1950 section 2.2. That it is one has been seen before. */
function* zlibHeader(): Rule {
  yield 1;
  if ((yield 1) & 0x20) throw new CodingError('a zlib header that needs a dictionary');
}

/** CRC-32 and length of the output (RFC 1952 section 2.3.1). */
class GzipChecksum implements Checksum {
  readonly bytes = 8;
  #crc = 0;
  #length = 0;

  update(output: Uint8Array): void {
    this.#crc = zlib.crc32(output, this.#crc);
    this.#length += output.length;
  }

  expected(): Buffer {
    const bytes = Buffer.alloc(8);
    bytes.writeUInt32LE(this.#crc, 0);
    bytes.writeUInt32LE(this.#length % 2 ** 32, 4);
    return bytes;
  }
}

const adlerModulus = 65_521;
/** So many sums stay below 2 ** 32. */
const adlerStep = 5552;

/** RFC 1950 section 9. Node has no function for it. */
class Adler32 implements Checksum {
  readonly bytes = 4;
  #low = 1;
  #high = 0;

  update(output: Uint8Array): void {
    let low = this.#low;
    let high = this.#high;
    for (let at = 0; at < output.length; ) {
      const end = Math.min(at + adlerStep, output.length);
      for (; at < end; at++) {
        low += output[at] as number;
        high += low;
      }
      low %= adlerModulus;
      high %= adlerModulus;
    }
    this.#low = low;
    this.#high = high;
  }

  expected(): Buffer {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt16BE(this.#high, 0);
    bytes.writeUInt16BE(this.#low, 2);
    return bytes;
  }
}
