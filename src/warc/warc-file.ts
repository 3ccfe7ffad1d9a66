// One WARC file that this process writes: a warcinfo record first, then those of one crawl, and an index
// beside it when it is complete.
import { rm, stat } from 'node:fs/promises';
import { diskError } from '../records/disk.ts';
import { writeParts } from '../records/export/output.ts';
import { Segment } from '../records/write/segment.ts';
import { cdxjLine, type IndexEntry } from './cdxj.ts';
import { INDEX_ENDING, warcName } from './file-names.ts';
import { type ArchivedCrawl, type OpenWarc, type PlacedMember, warcinfoOf } from './open-warc.ts';
import { memberOf, newRecordId, type WarcRecord } from './record.ts';
import { piecesOf, SortedLines } from './sorted-lines.ts';

/** In a directory. */
export class WarcFile implements OpenWarc {
  readonly name: string;
  readonly warcinfo: string;
  readonly #segment: Segment;
  readonly #maxBytes: number;
  readonly #index: SortedLines;
  /** Lines of records that are not known to be on disk. */
  #unsynced: string[] = [];

  private constructor(segment: Segment, name: string, warcinfo: string, maxBytes: number) {
    this.#segment = segment;
    this.#maxBytes = maxBytes;
    this.name = name;
    this.warcinfo = warcinfo;
    this.#index = new SortedLines(`${segment.path}${INDEX_ENDING}`);
  }

  /** Throws E_DISK_FULL or E_FILE. */
  static async create(directory: string, crawl: ArchivedCrawl, maxBytes: number): Promise<WarcFile> {
    const name = warcName(crawl.recordsFolder);
    const file = new WarcFile(await Segment.create(directory, name), name, newRecordId(), maxBytes);
    try {
      await file.append(warcinfoOf(file.warcinfo, crawl, name));
      await file.sync(); // what follows may be cut off again, this never
      await crawl.announce(name);
      return file;
    } catch (error) {
      await file.#segment.close();
      await rm(file.#segment.path, { force: true });
      throw error;
    }
  }

  get isFull(): boolean {
    return this.#segment.written >= this.#maxBytes;
  }

  get broken(): boolean {
    return this.#segment.broken;
  }

  async append(record: WarcRecord): Promise<PlacedMember> {
    const offset = this.#segment.written;
    await this.#segment.appendBytes(memberOf(record));
    return { offset, length: this.#segment.written - offset };
  }

  note(entry: Omit<IndexEntry, 'filename'>): void {
    this.#unsynced.push(cdxjLine({ ...entry, filename: this.name }));
  }

  async sync(): Promise<void> {
    const lines = this.#unsynced;
    this.#unsynced = [];
    await this.#segment.sync();
    const { size } = await stat(this.#segment.path);
    // Somebody else has changed the file: no record may follow.
    if (size !== this.#segment.size) {
      this.#segment.broken = true;
      throw diskError(new Error('has another size than was written'), this.#segment.path);
    }
    for (const line of lines) await this.#index.add(line);
  }

  forget(): void {
    this.#unsynced = [];
  }

  /** Closes the file, and writes its index. A broken file gets none: what it holds is read anew. */
  async finish(): Promise<void> {
    await this.#segment.close();
    try {
      if (this.#segment.size === 0 || this.broken) return;
      await writeIndex(this.#segment.path, this.#index.sorted());
    } finally {
      await this.#index.close();
    }
  }
}

/** Writes the index of a complete WARC file beside it. Throws E_DISK_FULL or E_FILE. */
export async function writeIndex(warcPath: string, lines: AsyncIterable<string>): Promise<void> {
  await writeParts(`${warcPath}${INDEX_ENDING}`, piecesOf(lines), { overwrite: true });
}
