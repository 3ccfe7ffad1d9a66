// The items of a crawl, as handlers emitted them: NDJSON with page and handler, or CSV for a spreadsheet.
import { csvLine } from '../../csv.ts';
import type { CrawlRecord } from '../../record.ts';
import { writeLines } from './output.ts';

/** One item: the URL of its page, the handler that emitted it, and the item. */
export interface ItemLine {
  url: string;
  handler: string;
  item: unknown;
}

export type ItemFormat = 'ndjson' | 'csv';

/** What is written: the items of one handler or, for null, of all. Where: a file, or standard output. */
export interface ItemOutput {
  format: ItemFormat;
  handler: string | null;
  file: string | null;
  /** Whether a file that is there may be replaced. */
  overwrite: boolean;
}

/** Columns of a CSV file. Fields beyond them are left out; no spreadsheet shows as many. */
const MOST_COLUMNS = 10_000;

/** The items of one record, in their order: those of one handler or, for null, all. */
export function itemsIn(
  { url, items }: Pick<CrawlRecord, 'url' | 'items'>,
  only: string | null = null,
): ItemLine[] {
  const lines = (items ?? []).map(({ handler, item }) => ({ url, handler, item }));
  return only === null ? lines : lines.filter(({ handler }) => handler === only);
}

/**
 * The items as text, with line ends. `records` gives the records in JSON, from the beginning at each call.
 * The columns of CSV are url, handler and all fields of all items, in the order in which they first come, so
 * the records are read twice. `handler`: the items of this handler alone.
 */
export async function* itemLines(
  records: () => AsyncIterable<string>,
  format: ItemFormat,
  handler: string | null = null,
): AsyncGenerator<string> {
  if (format === 'ndjson') {
    for await (const line of itemsOf(records(), handler)) yield `${JSON.stringify(line)}\n`;
    return;
  }
  const fields = await fieldsOf(itemsOf(records(), handler));
  const own = ['url', 'handler'];
  yield csvLine([...own, ...fields.map((field) => (own.includes(field) ? `item.${field}` : field))]);
  for await (const { url, handler: by, item } of itemsOf(records(), handler)) {
    const cells = isObject(item) ? item : { item };
    yield csvLine([url, by, ...fields.map((field) => (Object.hasOwn(cells, field) ? cells[field] : null))]);
  }
}

/**
 * Writes itemLines to a file, which appears complete or not at all, or to standard output (`file` null).
 * Returns the number of items. Stops when the reader of standard output goes away. Throws E_FILE,
 * E_DISK_FULL.
 */
export async function writeItems(
  records: () => AsyncIterable<string>,
  { format, handler, file, overwrite }: ItemOutput,
): Promise<number> {
  const lines = await writeLines(file, itemLines(records, format, handler), { overwrite });
  return format === 'csv' ? Math.max(0, lines - 1) : lines;
}

async function* itemsOf(records: AsyncIterable<string>, handler: string | null): AsyncGenerator<ItemLine> {
  for await (const json of records) {
    // Most records of a crawl may have no items, and their bodies are long.
    if (!json.includes('"items":[{')) continue;
    yield* itemsIn(JSON.parse(json) as CrawlRecord, handler);
  }
}

async function fieldsOf(items: AsyncIterable<ItemLine>): Promise<string[]> {
  const fields = new Set<string>();
  for await (const { item } of items) {
    for (const field of isObject(item) ? Object.keys(item) : ['item'])
      if (fields.size < MOST_COLUMNS) fields.add(field);
  }
  return [...fields];
}

function isObject(item: unknown): item is Record<string, unknown> {
  return typeof item === 'object' && item !== null && !Array.isArray(item);
}
