// A WARC file that is being written, in a directory or in a bucket.
import type { IndexEntry } from './cdxj.ts';
import type { WarcRecord } from './record.ts';

/** A crawl, as the warcinfo records of its files tell of it. */
export interface ArchivedCrawl {
  crawl: string;
  recordsFolder: string;
  userAgent: string;
  software: string;
  ignoreRobots: boolean;
  /** Notes for the whole fleet that there is a file of this name, which only this machine can read. */
  announce(name: string): Promise<void>;
}

/** Where a record went. */
export interface PlacedMember {
  offset: number;
  length: number;
}

/** Its calls must not overlap. */
export interface OpenWarc {
  /** The id of its warcinfo record. */
  readonly warcinfo: string;
  /** Whether the next file should be begun. */
  readonly isFull: boolean;
  /** Whether nothing may be appended any more. */
  readonly broken: boolean;
  append(record: WarcRecord): Promise<PlacedMember>;
  /** Notes a line of the index for a record that was appended. */
  note(entry: Omit<IndexEntry, 'filename'>): void;
  /** What was appended is durable when this resolves; if it throws, nothing of it is in the file. */
  sync(): Promise<void>;
  /** Forgets what was appended since the last sync, which has failed. */
  forget(): void;
  /** Completes the file: writes its index. */
  finish(): Promise<void>;
}

/** A directory or a bucket. */
export interface WarcPlace {
  /** For messages. It holds no secret. */
  readonly name: string;
  /** After a file has grown to `maxFileBytes`, or to what is the most of such a place, it is full. */
  begin(crawl: ArchivedCrawl, maxFileBytes: number): Promise<OpenWarc>;
  /** Completes what consumers that were killed have left of a crawl. */
  repair(recordsFolder: string): Promise<void>;
  /** No more is waited for: what cannot be written is given up. */
  hurry(): void;
  /** To be called when all files are finished. */
  close(): Promise<void>;
}

export interface PlaceListener {
  /** Records have to wait: why. */
  onTrouble(error: unknown): void;
  /** Records have been written. */
  onWritten(): void;
}

/** The first record of a file. `name`: of the file, if it is known and stays. */
export function warcinfoOf(id: string, crawl: ArchivedCrawl, name: string | null): WarcRecord {
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
