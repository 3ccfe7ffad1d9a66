// The WARC files of a crawl. Those without an index were left by a process that was killed, or one writes
// them now: what is torn off at their end is cut off, and their indexes are written.

import { createReadStream, createWriteStream } from 'node:fs';
import { stat, truncate, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { diskError } from '../records/disk.ts';
import { writeParts } from '../records/export/output.ts';
import { cdxjLine } from './cdxj.ts';
import { INDEX_ENDING, warcNames } from './file-names.ts';
import { scanWarc } from './scan.ts';
import { piecesOf, SortedLines } from './sorted-lines.ts';
import { writeIndex } from './warc-file.ts';

/** A file that nobody has changed for so long is not being written: a write takes milliseconds. */
const QUIET_MS = 10_000;

/** One WARC file of a crawl, as far as it is whole. */
export interface FoundWarc {
  name: string;
  path: string;
  /** How many bytes of it are whole records. */
  bytes: number;
  /** The path of its index. */
  index: string;
  /** The index is temporary, because the file may still grow. */
  isTemporary: boolean;
}

/**
 * The crawl's WARC files in the directory, each with an index. `temporary`: what the names of temporary
 * indexes begin with; without it, files that may still grow are left out. `own`: the names of files that this
 * process writes, which are left out. Throws E_FILE and E_DISK_FULL.
 */
export async function findWarcs(
  directory: string,
  recordsFolder: string,
  { temporary, own = [] }: { temporary?: string; own?: readonly string[] } = {},
): Promise<FoundWarc[]> {
  try {
    const found: FoundWarc[] = [];
    for (const name of await warcNames(directory, recordsFolder)) {
      if (own.includes(name)) continue;
      const warc = await lookAt(directory, name, temporary ?? null);
      if (warc) found.push(warc);
    }
    return found;
  } catch (error) {
    throw diskError(error, directory);
  }
}

async function lookAt(directory: string, name: string, temporary: string | null): Promise<FoundWarc | null> {
  const path = join(directory, name);
  const index = `${path}${INDEX_ENDING}`;
  const { size, mtimeMs } = await stat(path);
  // What was appended after the index was written is not in it.
  const isIndexed = await stat(index).then(
    (found) => found.mtimeMs >= mtimeMs,
    () => false,
  );
  if (isIndexed) return { name, path, bytes: size, index, isTemporary: false };
  const isQuiet = Date.now() - mtimeMs > QUIET_MS;
  if (!isQuiet && temporary === null) return null;
  const lines = new SortedLines(temporary === null ? index : `${temporary}.${name}`);
  try {
    const scanned = await scanWarc(path, (entry) => lines.add(cdxjLine({ ...entry, filename: name })));
    if (isQuiet && (await stat(path)).size === scanned.size) {
      if (scanned.end < scanned.size) await cutTorn(path, scanned.end);
      if (scanned.end === 0) {
        await unlink(path); // its process was killed before the first record was whole
        return null;
      }
      await writeIndex(path, lines.sorted());
      return { name, path, bytes: scanned.end, index, isTemporary: false };
    }
    if (temporary === null || scanned.end === 0) return null;
    const own = `${temporary}.${name}${INDEX_ENDING}`;
    await writeParts(own, piecesOf(lines.sorted()), { overwrite: true });
    return { name, path, bytes: scanned.end, index: own, isTemporary: true };
  } finally {
    await lines.close();
  }
}

/** What is cut off goes into a file beside, so that nothing is lost if it was damaged in some other way. */
async function cutTorn(path: string, end: number): Promise<void> {
  await pipeline(createReadStream(path, { start: end }), createWriteStream(`${path}.torn`, { flush: true }));
  await truncate(path, end);
}
