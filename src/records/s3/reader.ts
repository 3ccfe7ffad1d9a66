// Reads records from S3: all of a crawl, in pages, and one by its id.
import type { CrawlRecord } from '../../record.ts';
import { EVERY_RECORD, matchesLine, type RecordFilter } from '../filter.ts';
import { LineHead } from '../line.ts';
import { ClaimTable } from '../read/claim-table.ts';
import { linesIn, parseRecord } from '../read/find-record.ts';
import { KeptWhileUsed } from '../read/kept-while-used.ts';
import { noCursor } from '../read/page-cursor.ts';
import { keepWinners } from '../read/read.ts';
import { eachRecord } from '../read/whole-lines.ts';
import { recordsFolderName } from '../segments.ts';
import type { PlacedRecord, ReadOptions, RecordPage, RecordPiece } from '../store.ts';
import { recordAt } from './blocks.ts';
import type { Bucket } from './bucket.ts';
import { type Block, BlockIndex, FolderBlocks } from './folder-blocks.ts';

const MOST_PAGE_BYTES = 8 * 1024 * 1024;
/** What one page goes through at most, and what is searched for a page with a link. */
const MOST_SCANNED = 64 * 1024 * 1024;
const MOST_LINKING = 256 * 1024 * 1024;
/** Crawls whose indexes are kept. */
const MOST_FOLDERS = 4;
/** Bytes of records that are kept with the index of a crawl that has ended. */
const MOST_RECENT = 16 * 1024 * 1024;
/** Writers that a cursor names, the newest; older ones are read to their ends. */
const MOST_NAMED = 300;

/** As RecordReader.read. */
export async function* readBlocks(
  bucket: Bucket,
  recordsFolder: string,
  { filter = EVERY_RECORD, onFound }: ReadOptions,
): AsyncGenerator<RecordPiece> {
  const claims = new ClaimTable();
  const blocks = new FolderBlocks(bucket, recordsFolderName(recordsFolder), (high, low, claim) =>
    claims.raise(high, low, claim),
  );
  await blocks.refresh();
  onFound?.(claims.size);
  const head = new LineHead();
  const all = blocks.writers.flatMap(([, own]) => own);
  for (const block of all) {
    const lines = await blocks.lines(block);
    if (lines === null) return;
    const piece = keepWinners(lines, claims, head, filter);
    if (piece.lines > 0) yield piece;
  }
}

export interface BlockReader {
  page(
    recordsFolder: string,
    cursor: string | null,
    limit: number,
    filter?: RecordFilter,
  ): Promise<RecordPage>;
  find(recordsFolder: string, id: string, options?: { hasEnded?: boolean }): Promise<PlacedRecord | null>;
  findLinking(recordsFolder: string, link: string): Promise<CrawlRecord | null>;
}

export function openBlockReader(bucket: Bucket): BlockReader {
  /** By records folder, the least recently used first. */
  const kept = new Map<string, BlockIndex>();
  /** Of crawls that have ended: each is read once. Those who find one record after the other share blocks. */
  const ended = new KeptWhileUsed<Promise<BlockIndex>>();

  async function fresh(recordsFolder: string): Promise<BlockIndex> {
    let index = kept.get(recordsFolder) ?? new BlockIndex(bucket, recordsFolderName(recordsFolder));
    await index.blocks.refresh();
    if (index.blocks.isStale) {
      index = new BlockIndex(bucket, recordsFolderName(recordsFolder));
      await index.blocks.refresh();
    }
    kept.delete(recordsFolder);
    kept.set(recordsFolder, index);
    for (const oldest of kept.keys()) {
      if (kept.size <= MOST_FOLDERS) break;
      kept.delete(oldest);
    }
    return index;
  }

  async function readIndex(recordsFolder: string): Promise<BlockIndex> {
    const index = new BlockIndex(bucket, recordsFolderName(recordsFolder), MOST_RECENT);
    await index.blocks.refresh();
    return index;
  }

  async function findIn(
    { blocks, table }: BlockIndex,
    recordsFolder: string,
    id: string,
  ): Promise<PlacedRecord | null> {
    const line = Buffer.from(`${id} 0 {}`);
    const head = new LineHead();
    const place = head.read(line, 0, line.length) ? table.find(head.high, head.low) : null;
    if (place === null) return null;
    const block = blocks.block(place.segment);
    const lines = await blocks.lines(block);
    const at = lines && recordAt(lines, place.offset);
    const record = lines && at && parseRecord(lines, at.start, at.end);
    const file = `${bucket.name.split('?')[0]}/${recordsFolderName(recordsFolder)}/${block.segment}.zst`;
    return record?.id === id ? { file, offset: null, record } : null;
  }

  return {
    page: async (recordsFolder, cursor, limit, filter = EVERY_RECORD) =>
      readPage(await fresh(recordsFolder), cursor, limit, filter),
    async find(recordsFolder, id, { hasEnded = false } = {}) {
      if (!hasEnded) return findIn(await fresh(recordsFolder), recordsFolder, id);
      const read = () => readIndex(recordsFolder);
      return ended.use(recordsFolder, read, async (index) => findIn(await index, recordsFolder, id));
    },
    async findLinking(recordsFolder, link) {
      const { blocks } = await fresh(recordsFolder);
      const needle = Buffer.from(JSON.stringify(link));
      let [failed, searched]: [CrawlRecord | null, number] = [null, 0];
      for (const block of blocks.writers.flatMap(([, own]) => own)) {
        if (searched > MOST_LINKING) break;
        searched += block.size;
        for (const { record } of linesIn((await blocks.lines(block)) ?? Buffer.alloc(0), needle)) {
          if (!record.links?.includes(link) || record.url === link) continue;
          if (!record.error) return record;
          failed ??= record;
        }
      }
      return failed;
    },
  };
}

/** How far a writer has been read: up to this record of this block. */
interface Reached {
  block: number;
  ordinal: number;
}

async function readPage(
  { blocks, table }: BlockIndex,
  cursor: string | null,
  limit: number,
  filter: RecordFilter,
): Promise<RecordPage> {
  const reached = parseReached(cursor, blocks);
  const records: CrawlRecord[] = [];
  let [bytes, scanned, isFull] = [0, 0, false];
  const head = new LineHead();
  const visit = (block: Block, lines: Buffer, from: number): number => {
    let ordinal = 0;
    eachRecord(lines, head, (_, end) => {
      if (ordinal < from) return ++ordinal > 0;
      if (
        table.winsAt(head.high, head.low, block.at, ordinal) &&
        matchesLine(lines, head.jsonStart, end, filter)
      ) {
        const size = end - head.jsonStart;
        isFull = records.length === limit || (bytes > 0 && bytes + size > MOST_PAGE_BYTES);
        if (isFull) return false;
        const record = parseRecord(lines, head.jsonStart, end);
        if (record) records.push(record);
        bytes += size;
      }
      return ++ordinal > 0;
    });
    return ordinal;
  };
  const end = (next: string | null): RecordPage => ({ records, next, found: table.size });
  for (const [writer, own] of blocks.writers) {
    const at = reached.get(writer) ?? { block: 0, ordinal: 0 };
    reached.set(writer, at);
    for (const block of own.slice(at.block)) {
      if (scanned > MOST_SCANNED) return end(formatReached(reached));
      const lines = (await blocks.lines(block)) ?? Buffer.alloc(0);
      scanned += lines.length;
      at.ordinal = visit(block, lines, at.ordinal);
      if (isFull) return end(formatReached(reached));
      Object.assign(at, { block: block.number + 1, ordinal: 0 });
    }
  }
  return end(null);
}

function formatReached(reached: ReadonlyMap<string, Reached>): string {
  return [...reached]
    .filter(([, { block, ordinal }]) => block > 0 || ordinal > 0)
    .slice(-MOST_NAMED)
    .map(([writer, { block, ordinal }]) => `${writer}.${block.toString(36)}.${ordinal.toString(36)}`)
    .join('_');
}

/** Throws E_FIELD for a cursor that formatReached did not make for this crawl. */
function parseReached(cursor: string | null, blocks: FolderBlocks): Map<string, Reached> {
  const reached = new Map<string, Reached>();
  if (cursor === null || cursor === '') return reached;
  if (
    !/^[0-9a-z]{21}\.[0-9a-z]{1,9}\.[0-9a-z]{1,9}(_[0-9a-z]{21}\.[0-9a-z]{1,9}\.[0-9a-z]{1,9})*$/.test(cursor)
  )
    throw noCursor();
  const there = new Map(blocks.writers);
  const named = cursor.split('_').map((part) => part.split('.') as [string, string, string]);
  if (named.length >= MOST_NAMED)
    for (const [writer, own] of there)
      if (writer < (named[0]?.[0] ?? '')) reached.set(writer, { block: own.length, ordinal: 0 });
  for (const [writer, block, ordinal] of named) {
    const at = { block: Number.parseInt(block, 36), ordinal: Number.parseInt(ordinal, 36) };
    if (at.block > (there.get(writer)?.length ?? -1)) throw noCursor();
    reached.set(writer, at);
  }
  return reached;
}
