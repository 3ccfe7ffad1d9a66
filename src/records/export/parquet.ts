// Rows as a Parquet file: typed columns, row groups, zstd. It is written from front to back, and only one row
// group is in memory.
import { setFlagsFromString } from 'node:v8';
import { zstdCompressSync } from 'node:zlib';
import type { ParquetWriter } from 'hyparquet-writer';
import type { FieldType } from '../fields.ts';

/** A column. Those whose paths begin alike become one column of type struct. */
export interface ParquetColumn<Row> {
  readonly path: readonly string[];
  readonly type: FieldType;
  of(row: Row): unknown;
}

/** A row group ends after so many rows, or so many characters of JSON. */
const MOST_ROWS = 5_000;
const MOST_CHARACTERS = 8 * 1024 * 1024;

type SchemaElement = ConstructorParameters<typeof ParquetWriter>[0]['schema'][number];
type Value<Row> = (row: Row) => unknown;
/** The struct of a name, or the leaf. */
type Node<Row> = Map<string, Node<Row>> | ParquetColumn<Row>;

/**
 * Yields the bytes of the file. `rows` gives each row with the length of its JSON, in characters. Text that
 * is not well-formed gets U+FFFD for its lone surrogates, because UTF-8 has none.
 */
export async function* asParquet<Row>(
  rows: AsyncIterable<{ row: Row; characters: number }>,
  columns: readonly ParquetColumn<Row>[],
): AsyncGenerator<Uint8Array> {
  // V8 makes its young generation larger the more is thrown away, and all values are thrown away here. Kept
  // small, the process has 220 MB in place of 300, for a quarter more CPU.
  setFlagsFromString('--semi-space-growth-factor=1');
  const { ByteWriter, ParquetWriter } = await import('hyparquet-writer');
  const tree = treeOf(columns);
  const schema = [{ name: 'root', num_children: tree.size }, ...schemaOf(tree)];
  const writer = new ByteWriter();
  const file = new ParquetWriter({
    ...{ writer, schema, codec: 'ZSTD', createdBy: 'drover' },
    compressors: { ZSTD: (bytes) => zstdCompressSync(bytes) },
  });
  const values = [...tree].map(([name, node]) => ({ name, giveOf: giveOf(node) }));
  const data: unknown[][] = values.map(() => []);
  const take = () => {
    const bytes = writer.getBytes().slice();
    writer.index = 0;
    return bytes;
  };
  const writeGroup = () => {
    const columnData = values.map(({ name }, index) => ({ name, data: data[index] ?? [] }));
    file.write({ columnData, rowGroupSize: columnData[0]?.data.length ?? 0 });
    for (const column of data) column.length = 0;
    return take();
  };
  let [waiting, characters] = [0, 0];
  for await (const { row, characters: more } of rows) {
    for (const [index, { giveOf }] of values.entries()) data[index]?.push(giveOf(row));
    waiting++;
    characters += more;
    if (waiting < MOST_ROWS && characters < MOST_CHARACTERS) continue;
    yield writeGroup();
    [waiting, characters] = [0, 0];
  }
  if (waiting > 0) yield writeGroup();
  file.finish();
  yield take();
}

function treeOf<Row>(columns: readonly ParquetColumn<Row>[]): Map<string, Node<Row>> {
  const tree = new Map<string, Node<Row>>();
  for (const column of columns) {
    let at = tree;
    for (const name of column.path.slice(0, -1)) {
      const inner = at.get(name) ?? new Map<string, Node<Row>>();
      at.set(name, inner);
      at = inner as Map<string, Node<Row>>;
    }
    at.set(column.path.at(-1) as string, column);
  }
  return tree;
}

const leaves: Record<Exclude<FieldType, 'texts'>, Partial<SchemaElement>> = {
  text: { type: 'BYTE_ARRAY', converted_type: 'UTF8' },
  integer: { type: 'INT64' },
  number: { type: 'DOUBLE' },
  boolean: { type: 'BOOLEAN' },
  time: { type: 'INT64', converted_type: 'TIMESTAMP_MILLIS' },
  json: { type: 'BYTE_ARRAY', converted_type: 'JSON' },
};

function schemaOf<Row>(tree: Map<string, Node<Row>>): SchemaElement[] {
  const repetition_type = 'OPTIONAL';
  return [...tree].flatMap(([name, node]): SchemaElement[] => {
    if (node instanceof Map) return [{ name, repetition_type, num_children: node.size }, ...schemaOf(node)];
    if (node.type !== 'texts') return [{ name, repetition_type, ...leaves[node.type] }];
    return [
      { name, repetition_type, converted_type: 'LIST', num_children: 1 },
      { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
      { name: 'element', repetition_type, ...leaves.text },
    ];
  });
}

/** What the writer is given for a node. A struct without any value is null. */
function giveOf<Row>(node: Node<Row>): Value<Row> {
  if (!(node instanceof Map)) {
    const convert = converters[node.type];
    return (row) => {
      const value = node.of(row);
      return value === null || value === undefined ? null : convert(value);
    };
  }
  const inner = [...node].map(([name, child]) => [name, giveOf(child)] as const);
  return (row) => {
    const values = inner.map(([name, of]) => [name, of(row)] as const);
    return values.every(([, value]) => value === null) ? null : Object.fromEntries(values);
  };
}

/** A value that is not of the column's type, as a foreign record may have it, is left out. */
const converters: Record<FieldType, (value: unknown) => unknown> = {
  text: (value) => (typeof value === 'string' ? value : JSON.stringify(value)),
  integer: (value) => (Number.isSafeInteger(value) ? BigInt(value as number) : null),
  number: (value) => (typeof value === 'number' ? value : null),
  boolean: (value) => (typeof value === 'boolean' ? value : null),
  time: (value) => {
    const time = Date.parse(String(value));
    return Number.isNaN(time) ? null : BigInt(time);
  },
  texts: (value) => (Array.isArray(value) ? value.map(String) : null),
  json: wellFormed,
};

/** A lone surrogate in JSON. Readers refuse the whole file for one. */
const loneSurrogate = /\\(\\|ud[89a-f][0-9a-f]{2})/g;

function wellFormed(value: unknown): unknown {
  const json = JSON.stringify(value);
  if (!json.includes('\\ud')) return value;
  return JSON.parse(json.replace(loneSurrogate, (found) => (found === '\\\\' ? found : '\ufffd')));
}
