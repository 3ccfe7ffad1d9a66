// Which format an export has: by --format and by the ending of its file.
import assert from 'node:assert/strict';
import test from 'node:test';
import { exportFormat } from '../../../../src/records/export/format.ts';

// biome-ignore format: one line a row
const rows: [asked: string | undefined, file: string | null, format: string][] = [
  [undefined, null, 'jsonl'], [undefined, 'out', 'jsonl'], [undefined, '/tmp/tmp.Xy12', 'jsonl'], [undefined, 'a.txt', 'jsonl'],
  [undefined, 'a.jsonl', 'jsonl'], [undefined, 'a.NDJSON', 'jsonl'], [undefined, 'dir.csv/a.json', 'json'], [undefined, 'csv', 'jsonl'],
  [undefined, 'a.csv.gz', 'csv+gz'], [undefined, 'a.json.ZST', 'json+zst'], [undefined, 'a.gz', 'jsonl+gz'], [undefined, 'a.parquet', 'parquet'],
  [undefined, 'a.md', 'markdown'], [undefined, 'site.md/', 'markdown'], [undefined, 'a.markdown', 'markdown'],
  ['csv', 'a.json', 'csv'], ['csv', 'a.gz', 'csv+gz'], ['jsonl.zst', null, 'jsonl+zst'], ['JSON', 'a.xlsx', 'json'],
  ['markdown', 'pages', 'markdown'], ['md', 'pages', 'markdown'], ['bodies', 'a.json', 'bodies'],
];

for (const [asked, file, format] of rows)
  test(`--format ${asked ?? '–'} -o ${file ?? '–'} is ${format}`, () => {
    const { form, compression } = exportFormat(asked, file);
    assert.equal(compression ? `${form}+${compression}` : form, format);
  });

// biome-ignore format: one line a row
const refused: [asked: string | undefined, file: string | null, says: RegExp][] = [
  ['cvs', null, /expected jsonl, json, csv, parquet, markdown or bodies, .* \(got "cvs"\)/],
  ['csv.bz2', null, /expected jsonl/], ['', null, /expected jsonl/], ['constructor', null, /expected jsonl/],
  [undefined, 'a.xlsx', /-o a\.xlsx: drover writes no such format/], [undefined, 'a.tar', /no such format/], [undefined, 'a.tsv.gz', /no such format/],
  [undefined, 'a.parquet.gz', /compressed within: leave out \.gz/], ['parquet.zst', null, /compressed within/],
  [undefined, 'a.md.zst', /directory of files: leave out \.zst/], ['bodies', 'a.gz', /directory of files/],
];

for (const [asked, file, says] of refused)
  test(`--format ${asked ?? '–'} -o ${file ?? '–'} is refused`, () => {
    assert.throws(() => exportFormat(asked, file), { code: 'E_USAGE', message: says });
  });
