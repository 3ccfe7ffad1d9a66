// Records as CSV. One entry of the table is one column; its order is the order of the columns.
import { cellOfAny, csvLine } from '../../csv.ts';
import type { CrawlRecord } from '../../record.ts';
import type { Field } from '../fields.ts';

type Columns = Readonly<Record<string, (record: CrawlRecord) => unknown>>;

/** Body, links, headers and user data are left out, because a row should fit on a screen. */
const usual: Columns = {
  url: ({ url }) => url,
  finalUrl: ({ finalUrl }) => finalUrl,
  status: ({ status }) => status,
  ok: ({ ok }) => ok,
  title: ({ title }) => title,
  contentType: ({ contentType }) => contentType,
  bytes: ({ bytes }) => bytes,
  attempts: ({ attempts }) => attempts,
  depth: ({ depth }) => depth,
  referrer: ({ referrer }) => referrer,
  label: ({ label }) => label,
  fetchedAt: ({ fetchedAt }) => fetchedAt,
  error: ({ error }) => error?.code,
  id: ({ id }) => id,
  crawl: ({ crawl }) => crawl,
  reserves: ({ usage }) => usage?.reserves.join(' '),
  usage: ({ usage }) => usage?.statements,
};

/**
 * Records in JSON become lines of CSV with their line ends. The names of the columns come first. `fields`:
 * the columns; null for the usual ones.
 */
export async function* recordsAsCsv(
  records: AsyncIterable<string>,
  fields: readonly Field[] | null = null,
): AsyncGenerator<string> {
  const columns = fields === null ? usual : columnsOf(fields);
  yield csvLine(Object.keys(columns));
  const cells = Object.values(columns);
  for await (const json of records) {
    const record = JSON.parse(json) as CrawlRecord;
    yield csvLine(cells.map((cell) => cell(record)));
  }
}

function columnsOf(fields: readonly Field[]): Columns {
  return Object.fromEntries(
    fields.map(({ name, type, of }) => [name, type === 'json' ? (record) => cellOfAny(of(record)) : of]),
  );
}
