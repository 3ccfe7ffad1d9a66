// The form of segments. A block is one zstd frame with lines `ID CLAIM JSON`, so an object is a .zst file
// that any zstd reads. Its index, compressed too, has a line `> NUMBER OFFSET BYTES SIZE` for each block
// (SIZE is that of its lines), and after it `ID CLAIM {}` for each of its records.
import { promisify } from 'node:util';
import { constants, zstdCompress, zstdDecompress } from 'node:zlib';
import { DroverError } from '../../errors.ts';
import { LineHead } from '../line.ts';
import { eachRecord } from '../read/whole-lines.ts';

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);
const params = { [constants.ZSTD_c_compressionLevel]: 3, [constants.ZSTD_c_checksumFlag]: 1 };

/** No index may be larger than this when it is decompressed. */
const MOST_INDEX = 256 * 1024 * 1024;

/** A block and where it lies in the object of its segment. */
export interface BlockPlace {
  number: number;
  offset: number;
  bytes: number;
  /** Of its lines, decompressed. */
  size: number;
}

export interface OutgoingSegment {
  blocks: Buffer;
  index: Buffer;
}

/** A segment of one block. */
export async function encodeBlock(
  number: number,
  lines: Buffer,
  heads: readonly string[],
): Promise<OutgoingSegment> {
  const blocks = await compress(lines, { params });
  const index = `${placeLine({ number, offset: 0, bytes: blocks.length, size: lines.length })}${heads.join('{}\n')}{}\n`;
  return { blocks, index: await compress(index, { params }) };
}

const placeLine = ({ number, offset, bytes, size }: BlockPlace) => `> ${number} ${offset} ${bytes} ${size}\n`;

/** The lines of a block. Throws E_STORE_FAULT when they are not what was written. */
export async function decodeBlock(bytes: Buffer, { size }: BlockPlace, name: string): Promise<Buffer> {
  return decoded(bytes, size, name);
}

async function decoded(bytes: Buffer, most: number, name: string): Promise<Buffer> {
  try {
    return await decompress(bytes, { maxOutputLength: Math.max(most, 1) });
  } catch (cause) {
    throw new DroverError('E_STORE_FAULT', `${name}: ${(cause as Error).message}.`, { cause });
  }
}

/** The text of an index, as lines. */
export const decodeIndex = (bytes: Buffer, name: string) => decoded(bytes, MOST_INDEX, name);

/** Calls `onBlock` for each block of an index, and `onRecord` for each of its records, by its place in it. */
export function eachInIndex(
  index: Buffer,
  onBlock: (place: BlockPlace) => void,
  onRecord: (head: LineHead, ordinal: number) => void,
): void {
  const head = new LineHead();
  let ordinal = 0;
  for (let start = 0; start < index.length; ) {
    const end = index.indexOf(0x0a, start);
    if (end < 0) return;
    if (index[start] === 0x3e) {
      const [number = 0, offset = 0, bytes = 0, size = 0] = index
        .toString('latin1', start + 2, end)
        .split(' ')
        .map(Number);
      onBlock({ number, offset, bytes, size });
      ordinal = 0;
    } else if (head.read(index, start, end)) onRecord(head, ordinal++);
    start = end + 1;
  }
}

/** Joins the indexes of segments whose blocks are put one behind the other. */
export async function joinIndexes(parts: readonly { index: Buffer; bytes: number }[]): Promise<Buffer> {
  const texts: Buffer[] = [];
  let at = 0;
  for (const { index, bytes } of parts) {
    for (let start = 0; start < index.length; ) {
      const end = index.indexOf(0x0a, start) + 1;
      const next = index.indexOf('\n> ', end - 1);
      const [number = 0, offset = 0, length = 0, size = 0] = index
        .toString('latin1', start + 2, end)
        .split(' ')
        .map(Number);
      texts.push(Buffer.from(placeLine({ number, offset: at + offset, bytes: length, size })));
      const stop = next < 0 ? index.length : next + 1;
      texts.push(index.subarray(end, stop));
      start = stop;
    }
    at += bytes;
  }
  return compress(Buffer.concat(texts), { params });
}

/** The n-th record of a block: where its JSON begins and ends; null when there is none. */
export function recordAt(lines: Buffer, wanted: number): { start: number; end: number } | null {
  const head = new LineHead();
  let [ordinal, found]: [number, { start: number; end: number } | null] = [0, null];
  eachRecord(lines, head, (_, end) => {
    if (ordinal++ !== wanted) return true;
    found = { start: head.jsonStart, end };
    return false;
  });
  return found;
}
