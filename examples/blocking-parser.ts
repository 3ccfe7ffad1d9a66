// Reads large CSV files, as open-data portals have them, and emits what is in each column. Such parsing
// computes for long, so it runs on a thread. In a checkout: npm run crawl -- https://data.example/ --handler
// examples/blocking-parser.ts --crawl data --threads 2
import { Discard, defineHandler, Fatal } from 'drover';
import { z } from 'zod';

export default defineHandler({
  name: 'column',
  match: { type: ['text/csv', 'application/csv'] },
  // Without this, parsing would hold up all fetches of the process, and a warning would say so. With it, a
  // file that takes longer than its time costs only its own attempt: the thread is ended and replaced.
  blocking: true,
  timeoutMs: 60_000,
  schema: z.object({
    column: z.string(),
    rows: z.int(),
    empty: z.int(),
    /** Null if a value of the column is no number. */
    numbers: z.object({ least: z.number(), most: z.number(), mean: z.number() }).nullable(),
  }),
  run({ page, emit }) {
    let names: string[] | null = null;
    let columns: Column[] = [];
    for (const row of rowsOf(page.text)) {
      if (names === null) {
        names = row;
        columns = names.map(() => ({
          rows: 0,
          empty: 0,
          sum: 0,
          least: Infinity,
          most: -Infinity,
          isNumeric: true,
        }));
      } else for (const [index, column] of columns.entries()) note(column, row[index] ?? '');
    }
    if (names === null) throw new Discard('an empty file');
    for (const [index, { rows, empty, sum, least, most, isNumeric }] of columns.entries()) {
      const full = rows - empty;
      const numbers = isNumeric && full > 0 ? { least, most, mean: sum / full } : null;
      emit({ column: names[index] ?? '', rows, empty, numbers });
    }
  },
});

interface Column {
  rows: number;
  empty: number;
  sum: number;
  least: number;
  most: number;
  isNumeric: boolean;
}

function note(column: Column, value: string): void {
  column.rows++;
  if (value.trim() === '') {
    column.empty++;
    return;
  }
  const number = Number(value);
  if (Number.isNaN(number)) column.isNumeric = false;
  column.sum += number;
  column.least = Math.min(column.least, number);
  column.most = Math.max(column.most, number);
}

/** The rows of a CSV text (RFC 4180): cells in quotes may hold commas, line ends and doubled quotes. */
function* rowsOf(text: string): Generator<string[]> {
  const cell = /("[^"]*(?:""[^"]*)*"|[^",\r\n][^,\r\n]*|)(,|\r?\n|$)/y;
  let row: string[] = [];
  let rows = 0;
  while (cell.lastIndex < text.length) {
    const [, value = '', end] = cell.exec(text) ?? [];
    if (end === undefined) throw new Fatal(`row ${rows + 1} is no CSV`); // and would be none tomorrow
    row.push(value.startsWith('"') ? value.slice(1, -1).replaceAll('""', '"') : value);
    if (end === ',') continue;
    yield row;
    row = [];
    rows++;
  }
  if (row.length > 0) yield [...row, '']; // the file ends with a comma
}
