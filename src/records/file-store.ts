// The store in files: JSON lines in a folder for each crawl, in the data directory of this machine.
import { rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { diskError } from './disk.ts';
import { EndedRecords } from './read/ended-records.ts';
import { findLinking } from './read/find-record.ts';
import { readPieces } from './read/read.ts';
import { openRecordIndexes, type RecordIndexes } from './read/record-index.ts';
import { crawlDirectory, segmentNames } from './segments.ts';
import type { RecordStore } from './store.ts';
import { dropBodiesIn } from './write/drop-bodies.ts';
import { type LineWriter, openJsonlStore } from './write/jsonl.ts';

/** Bytes of records that are searched for a page with a link. */
const MOST_LINKING_BYTES = 256 * 1024 * 1024;

/** Opens the store in `DIRECTORY/records`. Nothing is read or made before the first use. */
export function openFileStore(directory: string): RecordStore {
  const dir = join(directory, 'records');
  let writer: LineWriter | null = null;
  let indexes: RecordIndexes | null = null;
  let ended: EndedRecords | null = null;
  const index = () => {
    indexes ??= openRecordIndexes({ dir });
    return indexes;
  };
  const endedRecords = () => {
    ended ??= new EndedRecords({ dir });
    return ended;
  };
  return {
    name: resolve(directory),
    // As scp and rsync name it: `worker-2:/srv/drover`.
    place: `${hostname()}:${resolve(directory)}`,
    async prepare() {}, // the folders are made when they are needed, and the data directory is checked before
    whereIs: (recordsFolder) => crawlDirectory(dir, recordsFolder),
    write(record, claim, recordsFolder) {
      writer ??= openJsonlStore({ dir });
      return writer.write(record, claim, recordsFolder);
    },
    async close() {
      await Promise.all([writer?.close(), ended?.close()]);
    },
    read: (recordsFolder, options) => readPieces(dir, recordsFolder, options),
    page: (recordsFolder, cursor, limit, filter) => index().page(recordsFolder, cursor, limit, filter),
    find: (recordsFolder, id, { hasEnded = false } = {}) =>
      (hasEnded ? endedRecords() : index()).find(recordsFolder, id),
    findLinking: (recordsFolder, link) => findLinking(dir, recordsFolder, link, MOST_LINKING_BYTES),
    async remove(recordsFolder) {
      const folder = crawlDirectory(dir, recordsFolder);
      await rm(folder, { recursive: true, force: true }).catch((error: unknown) => {
        throw diskError(error, folder);
      });
    },
    async size(recordsFolder) {
      const folder = crawlDirectory(dir, recordsFolder);
      try {
        const names = await segmentNames(folder);
        const sizes = await Promise.all(names.map(async (name) => (await stat(join(folder, name))).size));
        return sizes.reduce((sum, size) => sum + size, 0);
      } catch (error) {
        throw diskError(error, folder);
      }
    },
    dropBodies: (recordsFolder) => dropBodiesIn(crawlDirectory(dir, recordsFolder)),
  };
}
