// Finds records by id and reads them page by page, without reading all of them each time: keeps the indexes
// of the crawls that were used last.

import type { CrawlRecord } from '../../record.ts';
import { diskError } from '../disk.ts';
import { EVERY_RECORD, matchesLine, type RecordFilter } from '../filter.ts';
import { LineHead } from '../line.ts';
import { crawlDirectory } from '../segments.ts';
import type { PlacedRecord, RecordPage, RecordReader } from '../store.ts';
import { findRecord, parseRecord } from './find-record.ts';
import { FolderIndex, isLineStart } from './folder-index.ts';
import type { LineTable } from './line-table.ts';
import { formatCursor, noCursor, parseCursor, type Stretch } from './page-cursor.ts';
import { eachRecord, ReadSpace, wholeLines } from './whole-lines.ts';

const MOST_FOLDERS = 4;
const MOST_ENTRIES = 5_000_000;
const MOST_PAGE_BYTES = 8 * 1024 * 1024;

export interface RecordIndexesOptions {
  /** The directory of all records folders: `<dataDir>/records`. */
  dir: string;
  /**
   * The number of ids kept in memory for all crawls, 28 bytes each. A crawl with more ids is read completely
   * for each question. Default: 5 million.
   */
  mostEntries?: number;
  /** The size limit of a page, in bytes. Default: 8 MiB. */
  mostPageBytes?: number;
}

/** `find` and `page` of a store of files. */
export type RecordIndexes = Pick<RecordReader, 'find' | 'page'>;

/**
 * Makes the indexes. Nothing is read before the first question. With a filter, a page ends after SCAN.bytes
 * at the latest, even if nothing matched.
 */
export function openRecordIndexes(options: RecordIndexesOptions): RecordIndexes {
  const { dir, mostEntries = MOST_ENTRIES, mostPageBytes = MOST_PAGE_BYTES } = options;
  /** The indexes by records folder, the least recently used first. */
  const folders = new Map<string, FolderIndex>();

  async function fresh(recordsFolder: string): Promise<FolderIndex> {
    const index =
      folders.get(recordsFolder) ?? new FolderIndex(crawlDirectory(dir, recordsFolder), mostEntries);
    folders.delete(recordsFolder);
    folders.set(recordsFolder, index);
    await index.refresh();
    let entries = [...folders.values()].reduce((sum, { table }) => sum + (table?.size ?? 0), 0);
    for (const [oldest, { table }] of folders) {
      if (oldest === recordsFolder || (folders.size <= MOST_FOLDERS && entries <= mostEntries)) break;
      folders.delete(oldest);
      entries -= table?.size ?? 0;
    }
    return index;
  }

  async function withDiskError<T>(recordsFolder: string, answer: () => Promise<T>): Promise<T> {
    try {
      return await answer();
    } catch (error) {
      throw diskError(error, crawlDirectory(dir, recordsFolder));
    }
  }

  return {
    find: (recordsFolder, id) =>
      withDiskError(recordsFolder, async () => {
        const index = await fresh(recordsFolder);
        if (!index.table) return findRecord(dir, recordsFolder, id);
        const found = await lookUp(index, id);
        if (found !== 'moved') return found;
        // Lines that were not synced have been cut off, and others were written in their place. This is rare,
        // so read everything again.
        await index.rebuild();
        const again = await lookUp(index, id);
        return again === 'moved' ? null : again;
      }),
    page: (recordsFolder, cursor, limit, filter = EVERY_RECORD) =>
      withDiskError(recordsFolder, async () =>
        readPage(await fresh(recordsFolder), cursor, { records: limit, bytes: mostPageBytes }, filter),
      ),
  };
}

async function lookUp(index: FolderIndex, id: string): Promise<PlacedRecord | null | 'moved'> {
  const line = Buffer.from(`${id} 0 {}`);
  const head = new LineHead();
  if (!head.read(line, 0, line.length)) return null;
  const place = index.table?.find(head.high, head.low);
  if (!place) return null;
  const { path, end } = index.segment(place.segment);
  for await (const bytes of wholeLines(path, new ReadSpace(), end, place.offset)) {
    const lineEnd = bytes.indexOf('\n');
    const record = head.read(bytes, 0, lineEnd) ? parseRecord(bytes, head.jsonStart, lineEnd) : null;
    return record?.id === id ? { file: path, offset: place.offset, record } : 'moved';
  }
  return 'moved';
}

interface PageLimits {
  records: number;
  bytes: number;
}

/** What is read at most for one page, when a filter leaves out most of it. */
const SCAN: PageLimits = { records: 100_000, bytes: 64 * 1024 * 1024 };

async function readPage(
  index: FolderIndex,
  cursor: string | null,
  limits: PageLimits,
  filter: RecordFilter,
): Promise<RecordPage> {
  const stretches = parseCursor(cursor, index.segments);
  for (const { segment, from } of stretches) if (!(await isLineStart(segment.path, from))) throw noCursor();
  const table = index.table ?? (await tableOfNext(index, stretches, filter === EVERY_RECORD ? limits : SCAN));
  const records: CrawlRecord[] = [];
  let [bytes, scanned] = [0, 0];
  await readOn(stretches, (head, place, line, start, end) => {
    const wins = table.winsAt(head.high, head.low, place.segment, place.offset);
    if (wins === null) return false;
    scanned += end - start;
    if (scanned > SCAN.bytes) return false;
    if (!wins || !matchesLine(line, head.jsonStart, end, filter)) return true;
    const isFull = records.length === limits.records || (bytes > 0 && bytes + end - start > limits.bytes);
    if (isFull) return false;
    const record = parseRecord(line, head.jsonStart, end);
    if (record) records.push(record);
    bytes += end - start;
    return true;
  });
  const isAtEnd = stretches.every(({ segment, from }) => from >= segment.end);
  return { records, next: isAtEnd ? null : formatCursor(stretches), found: index.table?.size ?? null };
}

/**
 * A table of the ids of the next lines, as many as a page needs, with the places of their winning lines in
 * all segments.
 */
async function tableOfNext(
  index: FolderIndex,
  stretches: readonly Stretch[],
  limits: PageLimits,
): Promise<LineTable> {
  const table = index.newTable();
  let bytes = 0;
  const ahead = stretches.map((stretch) => ({ ...stretch }));
  await readOn(ahead, (head, place, _, start, end) => {
    if (table.size === limits.records || bytes > limits.bytes) return false;
    table.note(head.high, head.low, head.claim, place.segment, place.offset);
    bytes += end - start;
    return true;
  });
  await index.noteAll(table);
  return table;
}

type Visit = (
  head: LineHead,
  place: { segment: number; offset: number },
  bytes: Buffer,
  start: number,
  end: number,
) => boolean;

/**
 * Calls `visit` for each record's line of the stretches, one after the other, until it returns false. Moves
 * the `from` of each stretch to the first line that was not visited.
 */
async function readOn(stretches: readonly Stretch[], visit: Visit): Promise<void> {
  const space = new ReadSpace();
  const head = new LineHead();
  for (const stretch of stretches) {
    const { number, path, end: limit } = stretch.segment;
    if (stretch.from >= limit) continue;
    for await (const bytes of wholeLines(path, space, limit, stretch.from)) {
      const at = stretch.from;
      const goOn = eachRecord(bytes, head, (start, end) => {
        const more = visit(head, { segment: number, offset: at + start }, bytes, start, end);
        if (!more) stretch.from = at + start;
        return more;
      });
      if (!goOn) return;
      stretch.from = at + bytes.length;
    }
  }
}
