// One WARC file that this process writes: a warcinfo record first, then those of one crawl, and an index
// beside it when it is complete.
import { rm, stat } from 'node:fs/promises';
import { diskError } from '../records/disk.ts';
import { writeParts } from '../records/export/output.ts';
import { Segment } from '../records/write/segment.ts';
import { cdxjLine, type IndexEntry } from './cdxj.ts';
import { INDEX_ENDING, warcName } from './file-names.ts';
import { memberOf, newRecordId, type WarcRecord } from './record.ts';
import { piecesOf, SortedLines } from './sorted-lines.ts';

/** A crawl, as the warcinfo records of its files tell of it. */
export interface ArchivedCrawl {
  crawl: string;
  recordsFolder: string;
  userAgent: string;
  software: string;
  ignoreRobots: boolean;
  /** Notes for the whole fleet that there is a file of this name. */
  announce(name: string): Promise<void>;
}

/** Where a record went. */
export interface PlacedMember {
  offset: number;
  length: number;
}

/** Its calls must not overlap. */
export class WarcFile {
  readonly name: string;
  /** The id of its warcinfo record. */
  readonly warcinfo: string;
  readonly #segment: Segment;
  readonly #index: SortedLines;
  /** Lines of records that are not known to be on disk. */
  #unsynced: string[] = [];

  private constructor(segment: Segment, name: string, warcinfo: string) {
    this.#segment = segment;
    this.name = name;
    this.warcinfo = warcinfo;
    this.#index = new SortedLines(`${segment.path}${INDEX_ENDING}`);
  }

  /** Throws E_DISK_FULL or E_FILE. */
  static async create(directory: string, crawl: ArchivedCrawl): Promise<WarcFile> {
    const name = warcName(crawl.recordsFolder);
    const file = new WarcFile(await Segment.create(directory, name), name, newRecordId());
    try {
      await file.append(warcinfoOf(name, file.warcinfo, crawl));
      await file.sync(); // what follows may be cut off again, this never
      await crawl.announce(name);
      return file;
    } catch (error) {
      await file.#segment.close();
      await rm(file.#segment.path, { force: true });
      throw error;
    }
  }

  /** Its size, with what is not on disk yet. */
  get bytes(): number {
    return this.#segment.written;
  }

  /** Whether nothing may be appended any more. */
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

  /** What was appended is on disk when this resolves; if it throws, nothing of it is in the file. */
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

  /** Forgets what was appended since the last sync, which has failed. */
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

function warcinfoOf(name: string, id: string, crawl: ArchivedCrawl): WarcRecord {
  const lines = [
    `software: ${crawl.software}`,
    'format: WARC File Format 1.1',
    'conformsTo: https://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/',
    `isPartOf: ${crawl.crawl}`,
    `robots: ${crawl.ignoreRobots ? 'ignore' : 'obey'}`,
    `http-header-user-agent: ${crawl.userAgent}`,
  ];
  const block = Buffer.from(`${lines.join('\r\n')}\r\n`);
  return {
    ...{ type: 'warcinfo', id, at: Date.now(), contentType: 'application/warc-fields' },
    fields: [['WARC-Filename', name]],
    block: [block],
    blockBytes: block.length,
  };
}
