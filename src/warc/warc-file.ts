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

/** So many bytes at most wait until they are written. */
const MOST_UNWRITTEN = 1024 * 1024;

/** In a directory. */
export class WarcFile implements OpenWarc {
  readonly name: string;
  readonly warcinfo: string;
  readonly #segment: Segment;
  readonly #maxBytes: number;
  readonly #index: SortedLines;
  /** Pieces of records that are not in the file yet. */
  #unwritten: Buffer[] = [];
  #unwrittenBytes = 0;
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
    return this.#bytes >= this.#maxBytes;
  }

  get broken(): boolean {
    return this.#segment.broken;
  }

  async append(record: WarcRecord): Promise<PlacedMember> {
    const offset = this.#bytes;
    for await (const piece of memberOf(record)) {
      this.#unwritten.push(piece);
      this.#unwrittenBytes += piece.length;
      if (this.#unwrittenBytes > MOST_UNWRITTEN) await this.#write();
    }
    return { offset, length: this.#bytes - offset };
  }

  /** With what is not in the file yet. */
  get #bytes(): number {
    return this.#segment.written + this.#unwrittenBytes;
  }

  /** One call of the system for the records of many exchanges: each costs as much as to compress a page. */
  async #write(): Promise<void> {
    const bytes = Buffer.concat(this.#unwritten);
    this.#unwritten = [];
    this.#unwrittenBytes = 0;
    await this.#segment.appendBytes(bytes);
  }

  note(entry: Omit<IndexEntry, 'filename'>): void {
    this.#unsynced.push(cdxjLine({ ...entry, filename: this.name }));
  }

  async sync(): Promise<void> {
    const lines = this.#unsynced;
    this.#unsynced = [];
    await this.#write();
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
    this.#unwritten = [];
    this.#unwrittenBytes = 0;
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
