// The Content-Encoding of a body: which codings the header names, and how each one is undone.
import type { Transform } from 'node:stream';
import zlib from 'node:zlib';
import { normalizeEncoding } from '@exodus/bytes/encoding.js';
import { WrappedDecoder } from './decode/wrapped.ts';
import { hasZlibHeader } from './decode/wrappers.ts';
import { isOneFrame, ZstdDecoder, zstdOptions } from './decode/zstd.ts';

const codings = ['gzip', 'br', 'zstd', 'deflate'] as const;
export type Coding = (typeof codings)[number];

/** The Accept-Encoding of requests: all that drover can undo, and nothing else. */
export const acceptEncoding = codings.join(', ');

/**
 * The largest number of codings on one body. Real servers apply one or two, and each coding costs a
 * decompressor.
 */
export const mostCodings = 5;

/** `x-gzip` is another name of gzip (RFC 9110 section 8.4.1.3). */
const known = new Map<string, Coding>([
  ...codings.map((coding) => [coding, coding] as const),
  ['x-gzip', 'gzip'],
]);

/**
 * Names that say that nothing is coded: `identity`, and what servers write by mistake. Those are the names of
 * RFC 2045 section 6.2 for bytes as they are, and `chunked`, which HTTP itself undoes.
 */
const ofNoCoding = new Set(['', 'identity', 'none', '7bit', '8bit', 'binary', 'chunked']);

export interface Codings {
  /** The known ones, in the order in which the server applied them (RFC 9110 section 8.4). */
  known: Coding[];
  /** Names of codings that drover cannot undo. With one of them, the body cannot be read. */
  unknown: string[];
}

/**
 * What a Content-Encoding names. Names of character sets and media types are left out: they are no codings.
 */
export function codingsOf(contentEncoding: string | undefined): Codings {
  const found: Codings = { known: [], unknown: [] };
  if (contentEncoding === undefined) return found;
  for (const part of contentEncoding.toLowerCase().split(',')) {
    const name = part.trim();
    const coding = known.get(name);
    if (coding) found.known.push(coding);
    else if (!isNoCoding(name)) found.unknown.push(name);
  }
  return found;
}

function isNoCoding(name: string): boolean {
  return ofNoCoding.has(name) || /^(?:text|application)\//.test(name) || normalizeEncoding(name) !== null;
}

/**
 * Undoes one coding of a whole body in one call. Null if the body is not plainly in order: several zstd
 * frames, an end that is missing, damage. The stream of `createDecoder` then says what it holds. Throws
 * ERR_BUFFER_TOO_LARGE when the output is longer than `maxBytes`.
 */
export function decodeAtOnce(coding: Coding, data: Buffer, maxBytes: number): Buffer | null {
  try {
    return decodeStrictly(coding, data, { maxOutputLength: maxBytes });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw error;
    return null;
  }
}

function decodeStrictly(coding: Coding, data: Buffer, options: { maxOutputLength: number }): Buffer | null {
  switch (coding) {
    case 'gzip':
      return zlib.gunzipSync(data, options);
    case 'br':
      return zlib.brotliDecompressSync(data, options);
    case 'zstd':
      return isOneFrame(data) ? zlib.zstdDecompressSync(data, { ...zstdOptions, ...options }) : null;
    case 'deflate':
      return hasZlibHeader(data) ? zlib.inflateSync(data, options) : zlib.inflateRawSync(data, options);
    default:
      return coding satisfies never;
  }
}

/**
 * A stream that undoes one coding. It fails with a CodingError or an error of zlib, after it has passed on
 * all that it decoded. `endsItself`: it is known that all that was sent has come, so that data may end with a
 * flush instead of a last block.
 */
export function createDecoder(coding: Coding, endsItself: boolean): Transform {
  return coding === 'zstd' ? new ZstdDecoder() : new WrappedDecoder(coding, endsItself);
}
