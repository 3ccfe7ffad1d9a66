// The Content-Encoding of a body: which codings the header names, and how each one is undone.
import type { Transform } from 'node:stream';
import zlib from 'node:zlib';

export type Coding = 'gzip' | 'deflate' | 'br' | 'zstd';

/**
 * The largest number of codings on one body. Real servers apply one or two, and each coding costs a
 * decompressor.
 */
export const mostCodings = 5;

const known = new Map<string, Coding>([
  ['gzip', 'gzip'],
  ['x-gzip', 'gzip'],
  ['deflate', 'deflate'],
  ['br', 'br'],
  ['zstd', 'zstd'],
]);

/**
 * The codings in the order in which the server applied them (RFC 9110 section 8.4). The list is empty if the
 * header names none, or names one that drover does not know. With an empty list, the body is left as it came.
 */
export function codingsOf(contentEncoding: string | undefined): Coding[] {
  if (contentEncoding === undefined) return [];
  const names = contentEncoding
    .toLowerCase()
    .split(',')
    .map((name) => name.trim());
  const codings = names.filter((name) => name !== '' && name !== 'identity').map((name) => known.get(name));
  return codings.includes(undefined) ? [] : (codings as Coding[]);
}

/** A decoder of web content must support a window of 8 MiB (RFC 9659). */
const zstdOptions = { params: { [zlib.constants.ZSTD_d_windowLogMax]: 23 } };

/**
 * Undoes one coding of a whole body. Throws the errors of zlib: ERR_BUFFER_TOO_LARGE when the output is
 * longer than `maxBytes`.
 */
export function decodeAtOnce(coding: Coding, data: Buffer, maxBytes: number): Buffer {
  const options = { maxOutputLength: maxBytes };
  switch (coding) {
    case 'gzip':
      return zlib.gunzipSync(data, options);
    case 'br':
      return zlib.brotliDecompressSync(data, options);
    case 'zstd':
      return zlib.zstdDecompressSync(data, { ...zstdOptions, ...options });
    case 'deflate':
      return hasZlibHeader(data) ? zlib.inflateSync(data, options) : zlib.inflateRawSync(data, options);
    default:
      return coding satisfies never;
  }
}

/**
 * A stream that undoes one coding. `start` is the beginning of the data, from which the format of "deflate"
 * is recognised. If `start` is null, "deflate" is taken to be the zlib format.
 */
export function createDecoder(coding: Coding, start: Uint8Array | null): Transform {
  switch (coding) {
    case 'gzip':
      return zlib.createGunzip();
    case 'br':
      return zlib.createBrotliDecompress();
    case 'zstd':
      return zlib.createZstdDecompress(zstdOptions);
    case 'deflate':
      return start === null || hasZlibHeader(start) ? zlib.createInflate() : zlib.createInflateRaw();
    default:
      return coding satisfies never;
  }
}

/**
 * Whether the data begins with a zlib header. "deflate" means the zlib format (RFC 1950 section 2.2), but
 * some servers send raw deflate data without this header, and browsers accept both.
 */
function hasZlibHeader(data: Uint8Array): boolean {
  const [first = 0, second = 0] = data;
  return (first & 0x0f) === 8 && first >> 4 <= 7 && (first * 256 + second) % 31 === 0;
}
