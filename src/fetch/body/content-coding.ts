// The Content-Encoding of a body: which codings, and how each is undone.
import type { Transform } from 'node:stream';
import zlib from 'node:zlib';

export type Coding = 'gzip' | 'deflate' | 'br' | 'zstd';

/** More than anybody needs; each is a decompressor. */
export const mostCodings = 5;

const known = new Map<string, Coding>([
  ['gzip', 'gzip'],
  ['x-gzip', 'gzip'],
  ['deflate', 'deflate'],
  ['br', 'br'],
  ['zstd', 'zstd'],
]);

/**
 * The codings in the order in which they were applied (RFC 9110 section 8.4); empty if there is none, or one that is
 * not known: then the body stays as it came.
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

/** RFC 9659: a window of 8 MiB is what a decoder of web content has to offer. */
const zstdOptions = { params: { [zlib.constants.ZSTD_d_windowLogMax]: 23 } };

/** Undoes one coding at once. Throws what zlib throws: ERR_BUFFER_TOO_LARGE when more than `maxBytes` come out. */
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

/** Undoes one coding piece by piece. `start` is how the data begins; null if that is not known, then deflate is zlib. */
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

/** "deflate" means the zlib format (RFC 1950 section 2.2), but some servers send it raw, and browsers take both. */
function hasZlibHeader(data: Uint8Array): boolean {
  const [first = 0, second = 0] = data;
  return (first & 0x0f) === 8 && first >> 4 <= 7 && (first * 256 + second) % 31 === 0;
}
