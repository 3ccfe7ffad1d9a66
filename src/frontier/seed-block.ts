// Blocks of seeds, as a crawl keeps them (NS:c:CRAWL:seeds), so that it can be crawled again without them.
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { packRequest, type Request, unpackRequest } from '../request.ts';
import { isBareSeed } from './entry.ts';

const RS = '\x1e';
const US = '\x1f';
/** Level 1 takes 0.2 µs for each seed. Higher ones take up to five times as long and save a tenth. */
const params = { [constants.ZSTD_c_compressionLevel]: 1 };
/** Of most blocks, the text is made here: an upload would leave 25 kB to the collector with each batch. */
const scratch = Buffer.allocUnsafe(256 * 1024);
/** Of the text of a block, one character takes at most so many bytes. */
const MOST_OF_CHARACTER = 3;
/** Most blocks are shorter than that when they are compressed. */
const CHUNK_BYTES = 4096;
/** No block holds more: Redis takes no longer argument, and the batch was one too. */
const MOST_BYTES = 512 * 1024 * 1024;

/**
 * The seeds as one block: compressed, or as text where that is shorter. A seed without other fields is its
 * URL alone. lua/seeds/keep-seeds.lua writes the form in text too. '' for no seeds.
 */
export function packSeeds(requests: readonly Request[]): Buffer | '' {
  if (requests.length === 0) return '';
  const text = bytesOf(requests.map((one) => (isBareSeed(one) ? one.url : packRequest(one))).join(RS));
  // Told the size, zstd takes tables that fit, which saves a third of its time.
  const options = { pledgedSrcSize: text.length, params, chunkSize: CHUNK_BYTES };
  const compressed = zstdCompressSync(text, options);
  return compressed.length < text.length ? compressed : Buffer.from(text);
}

/** Valid until the next call. */
function bytesOf(text: string): Buffer {
  if (text.length * MOST_OF_CHARACTER > scratch.length) return Buffer.from(text);
  return scratch.subarray(0, scratch.write(text));
}

/** The seeds of a block. Throws an Error for bytes that are none. */
export function unpackSeeds(block: Buffer): Request[] {
  // A frame of zstd begins with 28 b5 2f fd, and no text is like that.
  const isFrame = block[0] === 0x28 && block[1] === 0xb5;
  const bytes = isFrame ? zstdDecompressSync(block, { maxOutputLength: MOST_BYTES }) : block;
  return bytes
    .toString()
    .split(RS)
    .map((seed) =>
      seed.includes(US) ? unpackRequest(seed) : { url: seed, depth: 0, referrer: null, extras: null },
    );
}
