// Finds records of crawls that have ended by their ids, thousands a second: the run that follows asks for one
// with each request. The index of a folder is read once, and its files stay open while they are asked.
import { dirname } from 'node:path';
import { diskError } from '../disk.ts';
import { LineHead } from '../line.ts';
import { crawlDirectory } from '../segments.ts';
import type { PlacedRecord } from '../store.ts';
import { parseRecord } from './find-record.ts';
import { FolderIndex } from './folder-index.ts';
import { OpenFiles } from './open-files.ts';

/** Ids kept in memory for all folders together, some 28 bytes each. */
const MOST_ENTRIES = 5_000_000;
/** What was not asked for so long is forgotten, and its files are closed. */
const IDLE_MS = 60_000;

export interface EndedRecordsOptions {
  /** The directory of all records folders: `<dataDir>/records`. */
  dir: string;
  mostEntries?: number;
  idleMs?: number;
}

interface EndedFolder {
  index: FolderIndex;
  /** Resolves when the index has been read. Read again, it is another promise. */
  read: Promise<void>;
  /** How many finds wait for an answer. */
  asking: number;
  usedAt: number;
}

export class EndedRecords {
  readonly #dir: string;
  readonly #mostEntries: number;
  readonly #idleMs: number;
  readonly #folders = new Map<string, EndedFolder>();
  readonly #files = new OpenFiles();
  readonly #head = new LineHead();
  #sweeping: NodeJS.Timeout | null = null;

  constructor({ dir, mostEntries = MOST_ENTRIES, idleMs = IDLE_MS }: EndedRecordsOptions) {
    this.#dir = dir;
    this.#mostEntries = mostEntries;
    this.#idleMs = idleMs;
  }

  /**
   * The record of the highest claim; null if there is none. Null too for every id of a folder that has more
   * ids than may be kept: to read all of it for each of them would take hours. Throws E_FILE.
   */
  async find(recordsFolder: string, id: string): Promise<PlacedRecord | null> {
    const folder = this.#folder(recordsFolder);
    folder.asking++;
    try {
      const { read } = folder;
      await read;
      const found = await this.#lookUp(folder, id);
      if (found !== 'moved') return found;
      // The bodies have been taken out of the lines meanwhile, or all of them were removed.
      if (folder.read === read) folder.read = this.#readAgain(folder);
      await folder.read;
      const again = await this.#lookUp(folder, id);
      return again === 'moved' ? null : again;
    } catch (error) {
      this.#folders.delete(recordsFolder);
      throw diskError(error, folder.index.directory);
    } finally {
      folder.asking--;
      folder.usedAt = performance.now();
    }
  }

  /** Forgets all and closes the files. */
  async close(): Promise<void> {
    this.#folders.clear();
    this.#stopSweeping();
    await this.#files.close();
  }

  #folder(recordsFolder: string): EndedFolder {
    let folder = this.#folders.get(recordsFolder);
    if (!folder) {
      const entries = [...this.#folders.values()].reduce(
        (sum, { index }) => sum + (index.table?.size ?? 0),
        0,
      );
      const index = new FolderIndex(crawlDirectory(this.#dir, recordsFolder), this.#mostEntries - entries);
      folder = { index, read: index.refresh(), asking: 0, usedAt: 0 };
      this.#folders.set(recordsFolder, folder);
      this.#sweeping ??= setInterval(() => this.#sweep(), this.#idleMs).unref();
    }
    return folder;
  }

  async #readAgain({ index }: EndedFolder): Promise<void> {
    await this.#closeFilesOf(index);
    await index.rebuild();
  }

  #sweep(): void {
    const since = performance.now() - this.#idleMs;
    for (const [name, { asking, usedAt, index }] of this.#folders) {
      if (asking > 0 || usedAt > since) continue;
      this.#folders.delete(name);
      void this.#closeFilesOf(index);
    }
    if (this.#folders.size === 0) this.#stopSweeping();
  }

  #closeFilesOf({ directory }: FolderIndex): Promise<void> {
    return this.#files.close((path) => dirname(path) === directory);
  }

  #stopSweeping(): void {
    if (this.#sweeping) clearInterval(this.#sweeping);
    this.#sweeping = null;
  }

  async #lookUp({ index }: EndedFolder, id: string): Promise<PlacedRecord | null | 'moved'> {
    const line = Buffer.from(`${id} 0 {}`);
    const head = this.#head;
    if (!head.read(line, 0, line.length)) return null;
    const place = index.table?.find(head.high, head.low);
    if (!place) return null;
    const { path, end } = index.segment(place.segment);
    return this.#files.line(path, place.offset, end, (bytes, lineEnd) => {
      const record =
        bytes && head.read(bytes, 0, lineEnd) ? parseRecord(bytes, head.jsonStart, lineEnd) : null;
      return record?.id === id ? { file: path, offset: place.offset, record } : 'moved';
    });
  }
}
