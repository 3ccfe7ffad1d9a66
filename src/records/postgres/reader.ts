// Reads records from PostgreSQL: all of a crawl with a cursor of the server, in pages, and one by its id.
import type { CrawlRecord } from '../../record.ts';
import { EVERY_RECORD, matchesLine, type RecordFilter } from '../filter.ts';
import { noCursor } from '../read/page-cursor.ts';
import type { ReadOptions, RecordPage, RecordPiece } from '../store.ts';
import type { Database, Query, Row } from './connect.ts';
import { isWithoutTables } from './failures.ts';
import { decompressed, jsonOf, SELECTED } from './rows.ts';
import { settledOrder } from './statements.ts';

/** Rows that are asked for at a time, without bodies; and how much of bodies is then asked for at a time. */
const ROWS = 200;
const BODY_BYTES = 4 * 1024 * 1024;
const MOST_PAGE_BYTES = 8 * 1024 * 1024;
/** Rows that one page goes through at most, when a filter leaves out most of them. */
const MOST_SCANNED = 20_000;
/** Rows that are searched for a page with a link, and pages with it that are looked at. */
const MOST_LINKING = 200_000;
const MOST_LINKING_PAGES = 20;

export interface ReaderParts {
  database: Database;
  schema: string;
}

export interface Crawl {
  key: number;
  crawl: string;
}

/** Null when nothing of the crawl has been written. */
export async function findCrawlOf(
  query: Query,
  schema: string,
  recordsFolder: string,
): Promise<Crawl | null> {
  try {
    const [row] = await query({
      text: `select crawl_key, crawl from ${schema}.crawls where records_folder = $1`,
      values: [recordsFolder],
    });
    return row ? { key: Number(row.crawl_key), crawl: String(row.crawl) } : null;
  } catch (error) {
    if (isWithoutTables(error)) return null;
    throw error;
  }
}

/** As RecordReader.read. All of it is read in one snapshot. */
export async function* readAll(
  { database, schema }: ReaderParts,
  recordsFolder: string,
  { filter = EVERY_RECORD, onFound }: ReadOptions,
): AsyncGenerator<RecordPiece> {
  const found = await database.withConnection((query) => findCrawlOf(query, schema, recordsFolder));
  if (!found) return onFound?.(0);
  const { query, release } = await hold(database);
  let failed = true;
  try {
    await query('begin isolation level repeatable read read only');
    const [count] = await query({
      text: `select count(*) as count from ${schema}.records where crawl_key = $1`,
      values: [found.key],
    });
    onFound?.(Number(count?.count));
    await query({
      text: `declare records no scroll cursor for select ${selectedFrom(schema)}
        where r.crawl_key = $1 ${conditionsOf(filter, 2).text} order by r.written_order`,
      values: [found.key, ...conditionsOf(filter, 2).values],
    });
    for (;;) {
      const rows = await query(`fetch ${ROWS} from records`);
      if (rows.length === 0) break;
      for await (const lines of withBodies(query, schema, found, rows)) {
        const piece = pieceOf(lines, filter);
        if (piece.lines > 0) yield piece;
      }
    }
    await query('commit');
    failed = false;
  } finally {
    release(failed);
  }
}

/** A connection that a generator holds from one piece to the next. */
async function hold(database: Database): Promise<{ query: Query; release(failed: boolean): void }> {
  const opened = Promise.withResolvers<Query>();
  const held = Promise.withResolvers<void>();
  database
    .withConnection((query) => {
      opened.resolve(query);
      return held.promise;
    })
    .catch(opened.reject);
  const query = await opened.promise;
  return {
    query,
    release: (failed) => (failed ? held.reject(new Error('not read to the end')) : held.resolve()),
  };
}

export const selectedFrom = (schema: string) =>
  `${SELECTED}, octet_length(b.body) as body_length from ${schema}.records r
   left join ${schema}.bodies b on b.crawl_key = r.crawl_key and b.id = r.id`;

/** What the server can leave out already. The rest is left to matchesLine, which knows the whole filter. */
function conditionsOf({ code, ok, host }: RecordFilter, first: number): { text: string; values: unknown[] } {
  const given = Object.entries({ code, ok, host }).filter(([, value]) => value !== null);
  return {
    // A row whose values PostgreSQL could not hold may lack some of them.
    text: given.map(([name], at) => `and (r.${name} = $${first + at} or r.exact is not null)`).join(' '),
    values: given.map(([, value]) => value),
  };
}

/** The lines of the rows, in stretches that are bounded in bytes. */
export async function* withBodies(
  query: Query,
  schema: string,
  { key, crawl }: Crawl,
  rows: readonly Row[],
): AsyncGenerator<{ row: Row; line: string }[]> {
  for (let start = 0; start < rows.length; ) {
    let [end, bytes] = [start, 0];
    while (end < rows.length && (end === start || bytes < BODY_BYTES))
      bytes += Number((rows[end++] as Row).body_length ?? 0);
    const part = rows.slice(start, end);
    const ids = part.filter((row) => row.body_length !== null && row.exact === null).map(({ id }) => id);
    const found =
      ids.length === 0
        ? []
        : await query({
            name: 'drover-bodies',
            text: `select id, body from ${schema}.bodies where crawl_key = $1 and id = any($2)`,
            values: [key, ids],
          });
    const bodies = new Map(found.map(({ id, body }) => [id, body as Buffer]));
    yield part.map((row) => {
      const body = bodies.get(row.id);
      return { row, line: jsonOf(row, crawl, body ? decompressed(body) : null) };
    });
    start = end;
  }
}

function pieceOf(lines: readonly { line: string }[], filter: RecordFilter): RecordPiece {
  const buffers: Buffer[] = [];
  for (const { line } of lines) {
    const bytes = Buffer.from(`${line}\n`);
    if (matchesLine(bytes, 0, bytes.length - 1, filter)) buffers.push(bytes);
  }
  return { bytes: Buffer.concat(buffers), lines: buffers.length };
}

/**
 * As RecordReader.page. The cursor is the number in the order of writing up to which the reader has come.
 * Records of batches that are not committed yet come later, even when others of a higher number are there.
 */
export async function readPageOf(
  { database, schema }: ReaderParts,
  recordsFolder: string,
  cursor: string | null,
  limit: number,
  filter: RecordFilter = EVERY_RECORD,
): Promise<RecordPage> {
  let after = orderOf(cursor);
  return database.withConnection(async (query) => {
    const crawl = await findCrawlOf(query, schema, recordsFolder);
    if (!crawl) return { records: [], next: null, found: 0 };
    const upTo = await settledOrder(query, schema);
    const found = cursor === null ? await countOf(query, schema, crawl.key) : null;
    const records: CrawlRecord[] = [];
    let [bytes, scanned] = [0, 0];
    for (;;) {
      const rows = await nextRows(query, schema, crawl.key, { after, upTo }, filter);
      for await (const lines of withBodies(query, schema, crawl, rows)) {
        for (const { row, line } of lines) {
          const json = Buffer.from(line);
          const matches = matchesLine(json, 0, json.length, filter);
          const isFull = records.length === limit || (bytes > 0 && bytes + json.length > MOST_PAGE_BYTES);
          if (matches && isFull) return { records, next: cursorOf(after), found };
          after = Number(row.written_order);
          if (!matches) continue;
          records.push(JSON.parse(line) as CrawlRecord);
          bytes += json.length;
        }
      }
      scanned += rows.length;
      if (rows.length < ROWS) return { records, next: null, found };
      if (scanned >= MOST_SCANNED) return { records, next: cursorOf(after), found };
    }
  });
}

async function nextRows(
  query: Query,
  schema: string,
  key: number,
  { after, upTo }: { after: number; upTo: number },
  filter: RecordFilter,
): Promise<Row[]> {
  const { text, values } = conditionsOf(filter, 4);
  return query({
    text: `select ${selectedFrom(schema)}
      where r.crawl_key = $1 and r.written_order > $2 and r.written_order <= $3 ${text}
      order by r.written_order limit ${ROWS}`,
    values: [key, after, upTo, ...values],
  });
}

async function countOf(query: Query, schema: string, key: number): Promise<number> {
  const text = `select count(*) as count from ${schema}.records where crawl_key = $1`;
  return Number((await query({ text, values: [key] }))[0]?.count);
}

const cursorOf = (order: number) => order.toString(36);

function orderOf(cursor: string | null): number {
  if (cursor === null) return 0;
  if (!/^[0-9a-z]{1,10}$/.test(cursor)) throw noCursor();
  return Number.parseInt(cursor, 36);
}

/** The record of one request; null if there is none. */
export function findOne(
  { database, schema }: ReaderParts,
  recordsFolder: string,
  id: string,
): Promise<CrawlRecord | null> {
  return database.withConnection(async (query) => {
    const crawl = await findCrawlOf(query, schema, recordsFolder);
    if (!crawl) return null;
    const text = `select ${selectedFrom(schema)} where r.crawl_key = $1 and r.id = $2`;
    const rows = await query({ text, values: [crawl.key, id] });
    for await (const [found] of withBodies(query, schema, crawl, rows))
      if (found) return JSON.parse(found.line) as CrawlRecord;
    return null;
  });
}

/** As RecordReader.findLinking; without the body. */
export function findLinkingIn(
  { database, schema }: ReaderParts,
  recordsFolder: string,
  link: string,
): Promise<CrawlRecord | null> {
  return database.withConnection(async (query) => {
    const crawl = await findCrawlOf(query, schema, recordsFolder);
    if (!crawl) return null;
    const rows = await query({
      text: `select ${SELECTED} from (
          select * from ${schema}.records where crawl_key = $1 order by written_order limit ${MOST_LINKING}
        ) r where strpos(r.links::text, $2) > 0 limit ${MOST_LINKING_PAGES}`,
      values: [crawl.key, JSON.stringify(link)],
    });
    const records = rows.map((row) => JSON.parse(jsonOf(row, crawl.crawl, null)) as CrawlRecord);
    const linking = records.filter(({ links, url }) => links?.includes(link) && url !== link);
    return linking.find(({ error }) => error === null) ?? linking[0] ?? null;
  });
}
