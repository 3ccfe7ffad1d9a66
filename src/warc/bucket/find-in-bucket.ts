// The WARC files of a crawl in a bucket. Those that are complete are read where they are. Others may be
// joined by their consumer at any time, so they are copied first, those of one writer into one file.
import { appendFile, open, stat } from 'node:fs/promises';
import { plainS3, type S3Address } from '../../config/s3-address.ts';
import { DroverError } from '../../errors.ts';
import { diskError } from '../../records/disk.ts';
import { type Bucket, openBucket } from '../../records/s3/bucket.ts';
import { objectName } from '../../records/s3/segment-names.ts';
import { cdxjLine } from '../cdxj.ts';
import { INDEX_ENDING, WARC_ENDING } from '../file-names.ts';
import { Members } from '../members.ts';
import { type FoundArchive, type PackedWarc, packedFile } from '../packed.ts';
import { scanWarc } from '../scan.ts';
import { SortedLines } from '../sorted-lines.ts';
import { listWarcObjects, type WarcObject } from './object-names.ts';

/** A file that is read is asked for in pieces of this size. */
const PIECE_BYTES = 8 * 1024 * 1024;
/** An object that is read as a whole: a block, or an index. */
const MOST_WHOLE = 2 ** 30;
const AT_ONCE = 8;
/** Blocks that were joined while they were copied are looked for again. */
const LOOKS = 10;

/** Throws E_FILE, E_DISK_FULL and errors of layer store. */
export async function findInBucket(
  address: S3Address,
  recordsFolder: string,
  temporary: string,
): Promise<FoundArchive> {
  const bucket = openBucket(address);
  const lines = new SortedLines(`${temporary}.lines`);
  const close = async () => {
    bucket.close();
    await lines.close();
  };
  try {
    const { complete, copied } = await copyOpen(bucket, recordsFolder, temporary);
    for (let at = 0; at < complete.length; at += AT_ONCE) {
      const some = complete.slice(at, at + AT_ONCE);
      for (const index of await Promise.all(
        some.map(({ file }) => wholeOf(bucket, `${file}${INDEX_ENDING}`)),
      ))
        for (const line of index.toString().split('\n').filter(Boolean)) await lines.add(line);
    }
    for (const { name, path } of copied)
      await scanWarc(path, (entry) => lines.add(cdxjLine({ ...entry, filename: name })));
    const warcs = [...complete.map((one) => packedObject(bucket, one)), ...copied.map(packedFile)];
    return { warcs: warcs.sort((a, b) => (a.name < b.name ? -1 : 1)), lines: lines.sorted(), close };
  } catch (error) {
    await close();
    throw diskError(error, plainS3(address));
  }
}

interface Copied {
  name: string;
  path: string;
  bytes: number;
}

async function copyOpen(
  bucket: Bucket,
  recordsFolder: string,
  temporary: string,
): Promise<{ complete: WarcObject[]; copied: Copied[] }> {
  for (let look = 1; ; look++) {
    const all = await listWarcObjects(bucket, recordsFolder);
    const complete = all.filter(({ isComplete }) => isComplete);
    const copied: Copied[] = [];
    const byWriter = Map.groupBy(
      all.filter(({ isComplete }) => !isComplete),
      ({ writer }) => writer,
    );
    for (const blocks of byWriter.values()) {
      const copy = await copyBlocks(bucket, blocks, `${temporary}.${look}`);
      if (copy === null) break;
      copied.push(copy);
    }
    if (copied.length === byWriter.size) return { complete, copied };
    if (look === LOOKS)
      throw new DroverError('E_STORE_FAULT', `${bucket.name}: WARC files are deleted while they are read.`);
  }
}

/** Null when one of them is gone, because it was joined. */
async function copyBlocks(
  bucket: Bucket,
  blocks: readonly WarcObject[],
  temporary: string,
): Promise<Copied | null> {
  const [{ writer = '', first = 0 } = {}, last] = [blocks[0], blocks.at(-1)?.last ?? 0];
  const name = `${objectName(writer, first, last)}${WARC_ENDING}`;
  const path = `${temporary}.${name}`;
  let warcinfo: Buffer | null = null;
  for (let at = 0; at < blocks.length; at += AT_ONCE) {
    const some = blocks.slice(at, at + AT_ONCE);
    const objects = await Promise.all(some.map(({ file }) => bucket.get(file, MOST_WHOLE)));
    for (const object of objects) {
      if (object === null) return null;
      // Each begins with the same warcinfo record, which is kept once.
      const isAgain = warcinfo !== null && object.subarray(0, warcinfo.length).equals(warcinfo);
      await appendFile(path, isAgain ? object.subarray(warcinfo?.length) : object);
      warcinfo ??= object.subarray(0, await firstMemberBytes(path));
    }
  }
  return { name, path, bytes: (await stat(path)).size };
}

async function firstMemberBytes(path: string): Promise<number> {
  const handle = await open(path, 'r');
  try {
    return (await new Members(handle).next())?.length ?? 0;
  } finally {
    await handle.close();
  }
}

function packedObject(bucket: Bucket, { file, bytes }: WarcObject): PackedWarc {
  return {
    name: file,
    bytes,
    async *open() {
      for (let from = 0; from < bytes; from += PIECE_BYTES) {
        const piece = await bucket.get(file, PIECE_BYTES, { from, to: Math.min(from + PIECE_BYTES, bytes) });
        yield piece ?? missing(bucket, file);
      }
    },
  };
}

async function wholeOf(bucket: Bucket, key: string): Promise<Buffer> {
  return (await bucket.get(key, MOST_WHOLE)) ?? missing(bucket, key);
}

function missing(bucket: Bucket, key: string): never {
  throw new DroverError('E_STORE_FAULT', `${bucket.name}: ${key} was deleted while it was read.`);
}
