// The items of a crawl, as handlers emitted them, with page and handler: JSON lines, a JSON array, or a table
// as CSV or Parquet.
import { cellOfAny, csvLine } from '../../csv.ts';
import type { CrawlRecord } from '../../record.ts';
import type { FieldType } from '../fields.ts';
import type { ExportFormat, FileForm } from './format.ts';
import { asArray, asLines } from './json.ts';
import { counting, writeParts } from './output.ts';
import { asParquet, type ParquetColumn } from './parquet.ts';

/** One item: the URL of its page, the handler that emitted it, and the item. */
export interface ItemLine {
  url: string;
  handler: string;
  item: unknown;
}

/** What is written: the items of one handler or, for null, of all. Where: a file, or standard output. */
export interface ItemOutput {
  format: ExportFormat<FileForm>;
  handler: string | null;
  file: string | null;
  /** Whether a file that is there may be replaced. */
  overwrite: boolean;
}

/** Columns of a table. Fields beyond them are left out; no spreadsheet shows as many. */
const MOST_COLUMNS = 10_000;
/** Columns that every item has. A field of the same name becomes `item.url`. */
const OWN = ['url', 'handler'];

/** The items of one record, in their order: those of one handler or, for null, all. */
export function itemsIn(
  { url, items }: Pick<CrawlRecord, 'url' | 'items'>,
  only: string | null = null,
): ItemLine[] {
  const lines = (items ?? []).map(({ handler, item }) => ({ url, handler, item }));
  return only === null ? lines : lines.filter(({ handler }) => handler === only);
}

/** The items of all records; of one handler alone, if it is named. */
export async function* itemsOf(
  records: AsyncIterable<string>,
  handler: string | null = null,
): AsyncGenerator<ItemLine> {
  for await (const json of records) {
    // Most records of a crawl may have no items, and their bodies are long.
    if (!json.includes('"items":[{')) continue;
    yield* itemsIn(JSON.parse(json) as CrawlRecord, handler);
  }
}

/**
 * The items in a form, with line ends. `items` gives them from the beginning at each call. The columns of a
 * table are url, handler and all fields of all items, in the order in which they first come, so the records
 * are read twice. In Parquet, a field has the type that all its values have; others are JSON text.
 */
export async function* itemsAs(
  form: FileForm,
  items: () => AsyncIterable<ItemLine>,
): AsyncGenerator<string | Uint8Array> {
  if (form === 'jsonl') yield* asLines(asJson(items()));
  else if (form === 'json') yield* asArray(asJson(items()));
  else {
    const fields = await fieldsOf(items());
    if (form === 'csv') yield* itemsAsCsv(items(), [...fields.keys()]);
    else yield* asParquet(rowsOf(items()), columnsOf(fields));
  }
}

/**
 * Writes itemsAs to a file, which appears complete or not at all, or to standard output (`file` null).
 * `records` gives the records in JSON, from the beginning at each call. Returns the number of items. Stops
 * when the reader of standard output goes away. Throws E_FILE, E_DISK_FULL.
 */
export async function writeItems(
  records: () => AsyncIterable<string>,
  { format, handler, file, overwrite }: ItemOutput,
): Promise<number> {
  const { form, compression } = format;
  let counter = { count: 0 };
  const items = () => {
    counter = { count: 0 }; // of the last reading
    return counting(itemsOf(records(), handler), counter);
  };
  await writeParts(file, itemsAs(form, items), { overwrite, compression });
  return counter.count;
}

async function* asJson(items: AsyncIterable<ItemLine>): AsyncGenerator<string> {
  for await (const item of items) yield JSON.stringify(item);
}

async function* itemsAsCsv(
  items: AsyncIterable<ItemLine>,
  fields: readonly string[],
): AsyncGenerator<string> {
  yield csvLine([...OWN, ...fields.map(nameOf)]);
  for await (const { url, handler, item } of items)
    yield csvLine([url, handler, ...fields.map((field) => cellOfAny(valueIn(item, field)))]);
}

async function* rowsOf(items: AsyncIterable<ItemLine>) {
  for await (const row of items) yield { row, characters: JSON.stringify(row).length };
}

function columnsOf(fields: ReadonlyMap<string, FieldType>): ParquetColumn<ItemLine>[] {
  const own: ParquetColumn<ItemLine>[] = [
    { path: ['url'], type: 'text', of: ({ url }) => url },
    { path: ['handler'], type: 'text', of: ({ handler }) => handler },
  ];
  const ofItem = ([field, type]: [string, FieldType]): ParquetColumn<ItemLine> => ({
    ...{ path: [nameOf(field)], type },
    of: ({ item }) => valueIn(item, field),
  });
  return [...own, ...[...fields].map(ofItem)];
}

const nameOf = (field: string) =>
  OWN.includes(field) || field.startsWith('item.') ? `item.${field}` : field;

/** The fields of all items with the type that their values have in common. */
async function fieldsOf(items: AsyncIterable<ItemLine>): Promise<Map<string, FieldType>> {
  const fields = new Map<string, FieldType | null>();
  for await (const { item } of items)
    for (const field of isObject(item) ? Object.keys(item) : ['item']) {
      if (!fields.has(field) && fields.size >= MOST_COLUMNS) continue;
      fields.set(field, commonType(fields.get(field) ?? null, typeOf(valueIn(item, field))));
    }
  return new Map([...fields].map(([field, type]) => [field, type ?? 'text']));
}

/** Null for a value that fits every type. */
function typeOf(value: unknown): FieldType | null {
  if (value === null || value === undefined) return null;
  if (typeof value === 'string') return 'text';
  if (typeof value === 'boolean') return 'boolean';
  if (typeof value === 'number') return Number.isSafeInteger(value) ? 'integer' : 'number';
  return Array.isArray(value) && value.every((each) => typeof each === 'string') ? 'texts' : 'json';
}

function commonType(a: FieldType | null, b: FieldType | null): FieldType | null {
  if (a === null || b === null || a === b) return a ?? b;
  const areNumbers = [a, b].every((type) => type === 'integer' || type === 'number');
  return areNumbers ? 'number' : 'json';
}

function valueIn(item: unknown, field: string): unknown {
  if (!isObject(item)) return field === 'item' ? item : null;
  return Object.hasOwn(item, field) ? item[field] : null;
}

function isObject(item: unknown): item is Record<string, unknown> {
  return typeof item === 'object' && item !== null && !Array.isArray(item);
}
