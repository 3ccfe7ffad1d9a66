// Finds records of crawls that have ended by their ids, thousands a second: the run that follows asks for one
// with each request. The index of a folder is read once, and its files stay open while they are asked.
import { dirname } from 'node:path';
import { diskError } from '../disk.ts';
import { LineHead } from '../line.ts';
import { crawlDirectory } from '../segments.ts';
import type { PlacedRecord } from '../store.ts';
import { parseRecord } from './find-record.ts';
import { FolderIndex } from './folder-index.ts';
import { KeptWhileUsed } from './kept-while-used.ts';
import { OpenFiles } from './open-files.ts';

/** Ids kept in memory for all folders together, some 28 bytes each. */
const MOST_ENTRIES = 5_000_000;

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
}

export class EndedRecords {
  readonly #dir: string;
  readonly #mostEntries: number;
  readonly #folders: KeptWhileUsed<EndedFolder>;
  readonly #files = new OpenFiles();
  readonly #head = new LineHead();

  /** `idleMs`: a folder that was not asked for so long is forgotten, and its files are closed. */
  constructor({ dir, mostEntries = MOST_ENTRIES, idleMs }: EndedRecordsOptions) {
    this.#dir = dir;
    this.#mostEntries = mostEntries;
    this.#folders = new KeptWhileUsed({ idleMs, onForgotten: ({ index }) => void this.#closeFilesOf(index) });
  }

  /**
   * The record of the highest claim; null if there is none. Null too for every id of a folder that has more
   * ids than may be kept: to read all of it for each of them would take hours. Throws E_FILE.
   */
  async find(recordsFolder: string, id: string): Promise<PlacedRecord | null> {
    const directory = crawlDirectory(this.#dir, recordsFolder);
    try {
      return await this.#folders.use(
        recordsFolder,
        () => this.#open(directory),
        (folder) => this.#findIn(folder, id),
      );
    } catch (error) {
      throw diskError(error, directory);
    }
  }

  /** Forgets all and closes the files. */
  async close(): Promise<void> {
    this.#folders.clear();
    await this.#files.close();
  }

  #open(directory: string): EndedFolder {
    const entries = this.#folders.values.reduce((sum, { index }) => sum + (index.table?.size ?? 0), 0);
    const index = new FolderIndex(directory, this.#mostEntries - entries);
    return { index, read: index.refresh() };
  }

  async #findIn(folder: EndedFolder, id: string): Promise<PlacedRecord | null> {
    const { read } = folder;
    await read;
    const found = await this.#lookUp(folder, id);
    if (found !== 'moved') return found;
    // The bodies have been taken out of the lines meanwhile, or all of them were removed.
    if (folder.read === read) folder.read = this.#readAgain(folder);
    await folder.read;
    const again = await this.#lookUp(folder, id);
    return again === 'moved' ? null : again;
  }

  async #readAgain({ index }: EndedFolder): Promise<void> {
    await this.#closeFilesOf(index);
    await index.rebuild();
  }

  #closeFilesOf({ directory }: FolderIndex): Promise<void> {
    return this.#files.close((path) => dirname(path) === directory);
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
