// What an export holds, read by other programs: DuckDB, hyparquet, csv-parse and Node's own decoders.
import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import { parse } from 'csv-parse/sync';
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet';
import type { CrawlRecord } from '../../../../src/record.ts';
import { exportFormat } from '../../../../src/records/export/format.ts';
import { writeExport } from '../../../../src/records/export/write.ts';
import { readFields } from '../../../../src/records/fields.ts';
import { EVERY_RECORD } from '../../../../src/records/filter.ts';
import { recordJson } from '../../../../src/records/line.ts';
import type { RecordPiece } from '../../../../src/records/store.ts';
import { valueOfCell } from '../../../support/records/csv-cell.ts';
import { oddRecords, oddTexts, recordOf } from '../../../support/records/odd-records.ts';
import { temporaryDirectory } from '../../../support/temporary.ts';

/** As stores give them: valid until the next piece is asked for. */
async function* piecesOf(records: Iterable<CrawlRecord>): AsyncGenerator<RecordPiece> {
  for (const record of records) {
    const bytes = Buffer.from(`${recordJson(record)}\n`);
    yield { bytes, lines: 1 };
    bytes.fill(0);
  }
}

const dir = await temporaryDirectory('formats');
const fileOf = (name: string) => join(dir, name);

async function write(
  name: string,
  records: Iterable<CrawlRecord>,
  fields: string | null = null,
): Promise<string> {
  const path = fileOf(name);
  const output = { format: exportFormat(undefined, path), path, overwrite: true };
  await writeExport(
    piecesOf(records),
    { ...output, fields: fields === null ? null : readFields(fields, '--fields') },
    EVERY_RECORD,
  );
  return path;
}

async function query(sql: string): Promise<Record<string, unknown>[]> {
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  const reader = await connection.runAndReadAll(sql);
  connection.closeSync();
  return reader.getRowObjectsJson() as Record<string, unknown>[];
}

/** The same value without lone surrogates, for which UTF-8 has no form. */
function wellFormed<T>(value: T): T {
  if (typeof value === 'string') return value.toWellFormed() as T;
  if (Array.isArray(value)) return value.map(wellFormed) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map((entry) => wellFormed(entry))) as T;
}

/** Rows to compare: a long text by its hash, because a difference would be printed. */
function brief(rows: object[]): object[] {
  const short = (text: unknown) =>
    typeof text === 'string' && text.length > 1000 ? hash('sha256', text, 'hex') : text;
  return rows.map((row) =>
    Object.fromEntries(Object.entries(row).map(([name, value]) => [name, short(value)])),
  );
}

/** Both readers leave out a U+FEFF at the beginning of a text; it is in the file. */
function withoutMark(rows: object[]): object[] {
  const cut = (text: unknown) => (typeof text === 'string' ? text.replace(/^\ufeff/, '') : text);
  return rows.map((row) =>
    Object.fromEntries(Object.entries(row).map(([name, value]) => [name, cut(value)])),
  );
}

test('JSON lines and a JSON array hold the very records, compressed or not', async () => {
  const odd = oddRecords().slice(0, -1); // without the largest
  const wanted = odd.map((record) => JSON.parse(recordJson(record)));
  const lines = (text: string) =>
    text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
  assert.deepEqual(lines(await readFile(await write('a.jsonl', odd), 'utf8')), wanted);
  assert.deepEqual(lines(gunzipSync(await readFile(await write('a.jsonl.gz', odd))).toString()), wanted);
  assert.deepEqual(
    lines(zstdDecompressSync(await readFile(await write('a.ndjson.zst', odd))).toString()),
    wanted,
  );
  assert.deepEqual(JSON.parse(await readFile(await write('a.json', odd), 'utf8')), wanted);
  assert.deepEqual(JSON.parse(gunzipSync(await readFile(await write('a.json.gz', odd))).toString()), wanted);
  assert.deepEqual(JSON.parse(await readFile(await write('none.json', []), 'utf8')), []);
});

test('CSV gives every value of its fields back to a strict reader, by the rule of docs/EXPORTS.md', async () => {
  const fields = 'id,url,status,ok,title,body,error.code,userData,links,timings.total,label';
  const path = await write('a.csv', oddRecords(), fields);
  const rows = parse(await readFile(path), {
    columns: true,
    cast: (text, { quoting, column, header }) =>
      header ? text : valueOfCell(text, Boolean(quoting), column === 'userData' || column === 'links'),
  }) as Record<string, unknown>[];
  const wanted = oddRecords().map(
    ({ id, url, status, ok, title, body, error, userData, links, timings, label }) => ({
      id,
      url,
      status,
      ok,
      title: title?.toWellFormed() ?? null,
      body: body?.toWellFormed() ?? null,
      'error.code': error?.code ?? null,
      userData: userData ?? null,
      links,
      'timings.total': timings.total,
      label,
    }),
  );
  assert.deepEqual(brief(rows), brief(wanted));
  const [count] = await query(
    `SELECT count(*)::INT AS n FROM read_csv('${path}', max_line_size=20000000, strict_mode=true)`,
  );
  assert.equal(count?.n, wanted.length);
});

test('Parquet has typed columns, structs and lists, and two other libraries read the same values', async () => {
  const path = await write('a.parquet', oddRecords());
  const wanted = oddRecords().map(wellFormed);
  const types = await query(`DESCRIBE SELECT * FROM '${path}'`);
  const typeOf = Object.fromEntries(types.map(({ column_name, column_type }) => [column_name, column_type]));
  assert.equal(typeOf.status, 'BIGINT');
  assert.equal(typeOf.ok, 'BOOLEAN');
  assert.match(String(typeOf.fetchedAt), /^TIMESTAMP/);
  assert.equal(typeOf.links, 'VARCHAR[]');
  assert.equal(typeOf.userData, 'JSON');
  assert.equal(typeOf.error, 'STRUCT(code VARCHAR, layer VARCHAR, message VARCHAR)');
  assert.match(String(typeOf.timings), /^STRUCT\(queue DOUBLE, .*total DOUBLE\)$/);
  const [meta] = await query(`SELECT DISTINCT compression FROM parquet_metadata('${path}')`);
  assert.equal(meta?.compression, 'ZSTD');
  const seen = await query(
    `SELECT id, url, status::INT AS status, ok, title, body, error.code AS code, userData, links, timings.total AS total FROM '${path}'`,
  );
  const parsed = seen.map((row) => ({ ...row, userData: row.userData && JSON.parse(String(row.userData)) }));
  assert.deepEqual(
    brief(parsed),
    withoutMark(
      brief(
        wanted.map(({ id, url, status, ok, title, body, error, userData, links, timings }) => ({
          ...{
            id,
            url,
            status,
            ok,
            title,
            body,
            code: error?.code ?? null,
            userData: userData ?? null,
            links,
          },
          total: timings.total,
        })),
      ),
    ),
  );
  const file = await asyncBufferFromFile(path);
  const compressors = { ZSTD: (bytes: Uint8Array) => new Uint8Array(zstdDecompressSync(bytes)) };
  const rows = await parquetReadObjects({ file, compressors });
  assert.deepEqual(
    brief(rows.map(({ id, title, links, body }) => ({ id, title, links, body }))),
    withoutMark(brief(wanted.map(({ id, title, links, body }) => ({ id, title, links, body })))),
  );
  const marked = `SELECT hex(encode(title)) AS bytes FROM '${path}' WHERE starts_with(title, chr(65279))`;
  assert.deepEqual(await query(marked), [{ bytes: 'EFBBBF78' }]);
});

test('fields make the columns, nested as in the record, and a struct without a value is null', async () => {
  const fields = 'url,error.code,userData.sku,headers.content-type,timings.total';
  const records = [
    recordOf(1, { userData: { sku: 'a', other: 1 }, headers: { 'content-type': 'text/html' } }),
    recordOf(2, {
      userData: { sku: [1] },
      headers: null,
      error: { code: 'E_TLS', layer: 'tls', message: 'm' },
    }),
  ];
  const lines = (await readFile(await write('f.jsonl', records, fields), 'utf8')).trim().split('\n');
  assert.deepEqual(
    lines.map((line) => JSON.parse(line)),
    [
      {
        url: 'http://example.com/1',
        error: { code: null },
        userData: { sku: 'a' },
        headers: { 'content-type': 'text/html' },
        timings: { total: 1 },
      },
      {
        url: 'http://example.com/2',
        error: { code: 'E_TLS' },
        userData: { sku: [1] },
        headers: { 'content-type': null },
        timings: { total: 2 },
      },
    ],
  );
  assert.match(
    await readFile(await write('f.csv', records, fields), 'utf8'),
    /^url,error\.code,userData\.sku,headers\.content-type,timings\.total\r\nhttp:\/\/example\.com\/1,,a,text\/html,1\r\n/,
  );
  const path = await write('f.parquet', records, fields);
  assert.deepEqual(
    await query(`SELECT error, userData.sku AS sku, headers."content-type" AS type FROM '${path}'`),
    [
      { error: null, sku: '"a"', type: 'text/html' },
      { error: { code: 'E_TLS' }, sku: '[1]', type: null },
    ],
  );
});

test('a Parquet file has several row groups, so that its writer needs little memory; without records it is valid', async () => {
  function* many() {
    for (let number = 0; number < 25_000; number++)
      yield recordOf(number, { body: 'x'.repeat(number % 100) });
  }
  const path = await write('many.parquet', many());
  const metadata = await parquetMetadataAsync(await asyncBufferFromFile(path));
  assert.equal(Number(metadata.num_rows), 25_000);
  assert.equal(metadata.row_groups.length, 5);
  const [sums] = await query(
    `SELECT count(DISTINCT id)::INT AS ids, sum(length(body))::INT AS characters, sum(timings.total)::INT AS total FROM '${path}'`,
  );
  assert.deepEqual(sums, { ids: 25_000, characters: 250 * 4950, total: (25_000 * 24_999) / 2 });
  assert.deepEqual(await query(`SELECT id FROM '${await write('none.parquet', [])}'`), []);
});

test('the odd values are odd', () => {
  assert.ok(oddTexts.some((text) => !text.isWellFormed()));
  assert.ok(oddRecords().some(({ body }) => (body?.length ?? 0) > 10_000_000));
});
