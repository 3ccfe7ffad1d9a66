// The form of segments. A segment is one object: its index, then its blocks. A block is one zstd frame with
// lines `ID CLAIM JSON`. The index stands in a skippable frame of zstd, compressed too, so the object is a
// .zst file that any zstd reads. It has a line `> NUMBER OFFSET BYTES SIZE` for each block (OFFSET counts
// from the end of the index, SIZE is that of its lines), and after it `ID CLAIM {}` for each of its records.
import { promisify } from 'node:util';
import { constants, zstdCompress, zstdDecompress } from 'node:zlib';
import { DroverError } from '../../errors.ts';
import { LineHead } from '../line.ts';
import { eachRecord } from '../read/whole-lines.ts';

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);
const params = { [constants.ZSTD_c_compressionLevel]: 3, [constants.ZSTD_c_checksumFlag]: 1 };
/** What zlib hands over at once: each time costs a way to its threads and back. */
const chunkSize = 128 * 1024;

/** No index may be larger than this when it is decompressed. */
const MOST_INDEX = 256 * 1024 * 1024;
/** Of a skippable frame: four bytes that tell it, four with its length. */
const FRAME = 0x184d2a50;
export const FRAME_HEAD = 8;

/** A block and where it lies in its segment, counted from the end of the index. */
export interface BlockPlace {
  number: number;
  offset: number;
  bytes: number;
  /** Of its lines, decompressed. */
  size: number;
}

/** Blocks, one behind the other, and the text of their index. */
export interface IndexedBlocks {
  blocks: Buffer;
  index: Buffer;
}

/** `heads`: of its lines. */
export async function encodeBlock(
  number: number,
  lines: Buffer,
  heads: readonly string[],
): Promise<IndexedBlocks> {
  const blocks = await compress(lines, { params, chunkSize });
  const place = placeLine({ number, offset: 0, bytes: blocks.length, size: lines.length });
  return { blocks, index: Buffer.from(`${place}${heads.join('{}\n')}{}\n`) };
}

/** The object of a segment with all these blocks. */
export async function encodeSegment(parts: readonly IndexedBlocks[]): Promise<Buffer> {
  const index = await compress(joinIndexes(parts), { params, chunkSize });
  const head = Buffer.alloc(FRAME_HEAD);
  head.writeUInt32LE(FRAME, 0);
  head.writeUInt32LE(index.length, 4);
  return Buffer.concat([head, index, ...parts.map(({ blocks }) => blocks)]);
}

const placeLine = ({ number, offset, bytes, size }: BlockPlace) => `> ${number} ${offset} ${bytes} ${size}\n`;

/** Where the index of a segment ends, of its first bytes. Throws E_STORE_FAULT when it is no segment. */
export function indexEnd(start: Buffer, name: string): number {
  if (start.length < FRAME_HEAD || start.readUInt32LE(0) !== FRAME)
    throw new DroverError('E_STORE_FAULT', `${name}: this is no segment of drover.`);
  return FRAME_HEAD + start.readUInt32LE(4);
}

/** The text of the index at the begin of a segment. Throws E_STORE_FAULT when it is not what was written. */
export const decodeIndex = (start: Buffer, name: string) =>
  decoded(start.subarray(FRAME_HEAD, indexEnd(start, name)), MOST_INDEX, name);

/** A whole segment. Throws E_STORE_FAULT when it is not what was written. */
export async function decodeSegment(object: Buffer, name: string): Promise<IndexedBlocks> {
  return { index: await decodeIndex(object, name), blocks: object.subarray(indexEnd(object, name)) };
}

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
      onBlock(readPlace(index, start, end));
      ordinal = 0;
    } else if (head.read(index, start, end)) onRecord(head, ordinal++);
    start = end + 1;
  }
}

/** One index for the blocks of all, put one behind the other. */
function joinIndexes(parts: readonly IndexedBlocks[]): Buffer {
  const texts: Buffer[] = [];
  let at = 0;
  for (const { index, blocks } of parts) {
    for (let start = 0; start < index.length; ) {
      const end = index.indexOf(0x0a, start) + 1;
      const next = index.indexOf('\n> ', end - 1);
      const stop = next < 0 ? index.length : next + 1;
      const place = readPlace(index, start, end);
      texts.push(Buffer.from(placeLine({ ...place, offset: at + place.offset })), index.subarray(end, stop));
      start = stop;
    }
    at += blocks.length;
  }
  return Buffer.concat(texts);
}

/** Of the line `> NUMBER OFFSET BYTES SIZE`. */
function readPlace(index: Buffer, start: number, end: number): BlockPlace {
  const [number = 0, offset = 0, bytes = 0, size = 0] = index
    .toString('latin1', start + 2, end)
    .split(' ')
    .map(Number);
  return { number, offset, bytes, size };
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
