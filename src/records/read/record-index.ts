// Records by id and by page, without reading all of them each time: the indexes of the crawls that a process was asked about last.

import type { CrawlRecord } from '../../record.ts';
import { diskError } from '../disk.ts';
import { LineHead } from '../line.ts';
import { crawlDirectory } from '../segments.ts';
import { findRecord, type PlacedRecord, parseRecord } from './find-record.ts';
import { FolderIndex, isLineStart } from './folder-index.ts';
import { formatCursor, noCursor, parseCursor, type Stretch } from './page-cursor.ts';
import type { PlaceTable } from './place-table.ts';
import { eachRecord, ReadSpace, wholeLines } from './whole-lines.ts';

export type { PlacedRecord };

const MOST_FOLDERS = 4;
const MOST_ENTRIES = 5_000_000;
const MOST_PAGE_BYTES = 8 * 1024 * 1024;

export interface RecordIndexesOptions {
  /** Where the crawls' directories lie: `<dataDir>/records`. */
  dir: string;
  /** Ids kept over all folders, 28 bytes each; a crawl with more is read through for each question. Default 5 million. */
  mostEntries?: number;
  /** Of lines on one page. Default 8 MiB. */
  mostPageBytes?: number;
}

export interface RecordIndexes {
  /** A request's record, that of its highest claim; null when there is none. Throws E_FILE. */
  find(recordsFolder: string, id: string): Promise<PlacedRecord | null>;
  /**
   * Up to `limit` records, fewer where they are large, and `next`, the cursor behind them: null when nothing is left for now. Each request comes
   * once, as its record of the highest claim; one whose record is superseded while a reader is behind it comes again, what is appended
   * comes at the end. A cursor holds in any process and for as long as the crawl's records are there. Throws E_FIELD for one that is none, E_FILE.
   */
  page(
    recordsFolder: string,
    cursor: string | null,
    limit: number,
  ): Promise<{ records: CrawlRecord[]; next: string | null }>;
}

/** Reads nothing yet. */
export function openRecordIndexes(options: RecordIndexesOptions): RecordIndexes {
  const { dir, mostEntries = MOST_ENTRIES, mostPageBytes = MOST_PAGE_BYTES } = options;
  /** Least recently used first. */
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

  async function tell<T>(recordsFolder: string, answer: () => Promise<T>): Promise<T> {
    try {
      return await answer();
    } catch (error) {
      throw diskError(error, crawlDirectory(dir, recordsFolder));
    }
  }

  return {
    find: (recordsFolder, id) =>
      tell(recordsFolder, async () => {
        const index = await fresh(recordsFolder);
        if (!index.table) return findRecord(dir, recordsFolder, id);
        const found = await lookUp(index, id);
        if (found !== 'moved') return found;
        // Unsynced lines were cut off and others stand there now: rare enough to read all of it again.
        await index.rebuild();
        const again = await lookUp(index, id);
        return again === 'moved' ? null : again;
      }),
    page: (recordsFolder, cursor, limit) =>
      tell(recordsFolder, async () =>
        readPage(await fresh(recordsFolder), cursor, { records: limit, bytes: mostPageBytes }),
      ),
  };
}

async function lookUp(index: FolderIndex, id: string): Promise<PlacedRecord | null | 'moved'> {
  const line = Buffer.from(`${id} 0 {}`);
  const head = new LineHead();
  if (!head.read(line, 0, line.length)) return null;
  const place = index.table?.placeOf(head.high, head.low);
  if (!place) return null;
  const { path, end } = index.segment(place.segment);
  for await (const bytes of wholeLines(path, new ReadSpace(), end, place.offset)) {
    const lineEnd = bytes.indexOf('\n');
    const record = head.read(bytes, 0, lineEnd) ? parseRecord(bytes, head.jsonStart, lineEnd) : null;
    return record?.id === id ? { file: path, offset: place.offset, record } : 'moved';
  }
  return 'moved';
}

interface Limits {
  records: number;
  bytes: number;
}

async function readPage(
  index: FolderIndex,
  cursor: string | null,
  limits: Limits,
): Promise<{ records: CrawlRecord[]; next: string | null }> {
  const stretches = parseCursor(cursor, index.segments);
  for (const { segment, from } of stretches) if (!(await isLineStart(segment.path, from))) throw noCursor();
  const table = index.table ?? (await tableOfNext(index, stretches, limits));
  const records: CrawlRecord[] = [];
  let bytes = 0;
  await readOn(stretches, (head, place, line, start, end) => {
    const wins = table.winsAt(head.high, head.low, place.segment, place.offset);
    if (wins === null) return false;
    if (!wins) return true;
    const isFull = records.length === limits.records || (bytes > 0 && bytes + end - start > limits.bytes);
    if (isFull) return false;
    const record = parseRecord(line, head.jsonStart, end);
    if (record) records.push(record);
    bytes += end - start;
    return true;
  });
  const isAtEnd = stretches.every(({ segment, from }) => from >= segment.end);
  return { records, next: isAtEnd ? null : formatCursor(stretches) };
}

/** The ids of the lines that come next, as many as make a page, with the places of their winning lines among all there are. */
async function tableOfNext(
  index: FolderIndex,
  stretches: readonly Stretch[],
  limits: Limits,
): Promise<PlaceTable> {
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

/** The records' lines of the stretches, one after the other, until `visit` says false; `from` of each stretch moves on to what was not visited. */
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
