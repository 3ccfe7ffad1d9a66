// The store that writes JSON lines, with group commit: records that arrive during one write and its fdatasync
// are written together by the next.
import { setImmediate } from 'node:timers/promises';
import { DroverError } from '../../errors.ts';
import type { CrawlRecord } from '../../record.ts';
import { diskError } from '../disk.ts';
import { lineHead, recordJson } from '../line.ts';
import { Segments } from '../segments.ts';
import type { RecordWriter } from '../store.ts';
import type { Segment } from './segment.ts';

const mostOpenFiles = 64;
const mostUnwritten = 64 * 1024 * 1024;
const slabBytes = 1024 * 1024;

export interface JsonlStoreOptions {
  /**
   * The directory of all records folders: `<dataDir>/records`. It is made when the first record is written.
   */
  dir: string;
  /** After a segment has grown to this size, the next one is begun. Default: 256 MiB. */
  maxSegmentBytes?: number;
}

/** Writes and closes as a RecordWriter. */
export type LineWriter = Pick<RecordWriter, 'write' | 'close'>;

/** Makes the writer; RecordWriter says what it promises. No file is opened before the first write. */
export function openJsonlStore(options: JsonlStoreOptions): LineWriter {
  return new JsonlStore(options);
}

/** The records of one crawl that are written together. Their callers share one promise. */
interface Group {
  texts: string[];
  done: PromiseWithResolvers<void>;
}

class JsonlStore implements LineWriter {
  readonly #segments: Segments;
  readonly #slab = Buffer.allocUnsafeSlow(slabBytes);
  #gathering = new Map<string, Group>();
  #unwritten = 0; // in characters
  #committing: Promise<void> | null = null;
  #room: PromiseWithResolvers<void> | null = null;
  #closed = false;

  constructor({ dir, maxSegmentBytes = 256 * 1024 * 1024 }: JsonlStoreOptions) {
    this.#segments = new Segments(dir, maxSegmentBytes, mostOpenFiles);
  }

  write(record: CrawlRecord, claim: number, recordsFolder = record.crawl): Promise<void> {
    if (this.#closed) return Promise.reject(new DroverError('E_FILE', 'The store is closed.'));
    if (this.#unwritten > mostUnwritten) return this.#writeWhenRoom(record, claim, recordsFolder);
    try {
      return this.#add(record, claim, recordsFolder);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    while (this.#committing) await this.#committing;
    await this.#segments.close();
  }

  async #writeWhenRoom(record: CrawlRecord, claim: number, recordsFolder: string): Promise<void> {
    this.#room ??= Promise.withResolvers();
    await this.#room.promise;
    return this.write(record, claim, recordsFolder);
  }

  #add(record: CrawlRecord, claim: number, recordsFolder: string): Promise<void> {
    const head = lineHead(record.id, claim);
    const json = recordJson(record);
    let group = this.#gathering.get(recordsFolder);
    if (!group) {
      group = { texts: [], done: Promise.withResolvers() };
      this.#gathering.set(recordsFolder, group);
    }
    group.texts.push(head, json, '\n');
    this.#unwritten += json.length;
    this.#committing ??= this.#commitAll();
    return group.done.promise;
  }

  async #commitAll(): Promise<void> {
    await setImmediate(); // so that the first record of a burst is not written alone
    while (this.#gathering.size > 0) {
      const batch = [...this.#gathering];
      this.#gathering = new Map();
      for (let from = 0; from < batch.length; from += mostOpenFiles) {
        await this.#commit(batch.slice(from, from + mostOpenFiles));
      }
      this.#room?.resolve();
      this.#room = null;
    }
    this.#committing = null;
  }

  /**
   * Writes the files one after the other (with one slab), then syncs all of them together. A file may fail by
   * itself.
   */
  async #commit(groups: [string, Group][]): Promise<void> {
    const syncs: Promise<void>[] = [];
    for (const [recordsFolder, group] of groups) {
      try {
        const segment = await this.#segments.of(recordsFolder);
        await segment.append(group.texts, this.#slab);
        syncs.push(this.#finish(segment, group));
      } catch (error) {
        group.done.reject(diskError(error, recordsFolder));
      }
      for (let at = 1; at < group.texts.length; at += 3)
        this.#unwritten -= (group.texts[at] as string).length;
      group.texts = [];
    }
    await Promise.all(syncs);
  }

  async #finish(segment: Segment, group: Group): Promise<void> {
    try {
      await segment.sync();
      group.done.resolve();
    } catch (error) {
      group.done.reject(diskError(error, segment.path));
    }
  }
}
