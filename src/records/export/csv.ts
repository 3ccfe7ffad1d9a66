// Records as CSV. One entry of the table is one column; its order is the order of the columns.
import { csvLine } from '../../csv.ts';
import type { CrawlRecord } from '../../record.ts';

/** Body, links, headers and user data are left out, because a row should fit on a screen. */
const columns: Record<string, (record: CrawlRecord) => unknown> = {
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

/** Records in JSON become lines of CSV with their line ends. The names of the columns come first. */
export async function* recordsAsCsv(records: AsyncIterable<string>): AsyncGenerator<string> {
  yield csvLine(Object.keys(columns));
  const cells = Object.values(columns);
  for await (const json of records) {
    const record = JSON.parse(json) as CrawlRecord;
    yield csvLine(cells.map((cell) => cell(record)));
  }
}
