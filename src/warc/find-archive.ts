// The archive of a crawl as it is read: its WARC files, wherever they are, and one index of all.
import { isS3, readS3Address } from '../config/s3-address.ts';
import { findInBucket } from './bucket/find-in-bucket.ts';
import { type FoundArchive, packedFile } from './packed.ts';
import { findWarcs } from './repair.ts';
import { fileLines, mergedLines } from './sorted-lines.ts';

/**
 * `place`: the absolute path of a directory, or the address of a bucket. `temporary`: what the names of
 * temporary files begin with. Throws E_FILE, E_DISK_FULL and errors of layer store.
 */
export async function findArchive(
  place: string,
  recordsFolder: string,
  temporary: string,
): Promise<FoundArchive> {
  if (isS3(place)) return findInBucket(readS3Address(place), recordsFolder, temporary);
  const found = await findWarcs(place, recordsFolder, { temporary });
  return {
    warcs: found.map(packedFile),
    lines: mergedLines(found.map(({ index }) => fileLines(index))),
    close: async () => undefined,
  };
}
