// /v1/crawls/{id}/records: a crawl's records, in pages or all at once.
import { z } from 'zod';
import { findRecordsFolder } from '../../crawl/crawl.ts';
import { csvLine } from '../../csv.ts';
import type { CrawlRecord } from '../../record.ts';
import { readRecords } from '../../records/read/read.ts';
import type { ApiContext, ApiServer } from '../context.ts';
import { exactCrawl } from '../crawl-names.ts';
import { COSTLY } from '../limits.ts';
import { answers, pageQuery } from '../shapes.ts';
import { sendText, wants } from '../text-answers.ts';

/** Columns of the CSV. Body and links are left out, because a row should fit on a screen. */
const COLUMNS = [
  ...[
    'url',
    'finalUrl',
    'status',
    'ok',
    'title',
    'contentType',
    'bytes',
    'attempts',
    'depth',
    'referrer',
    'label',
  ],
  ...['fetchedAt', 'error', 'id', 'crawl'],
] as const satisfies readonly (keyof CrawlRecord)[];

export function addRecordRoutes(server: ApiServer, context: ApiContext): void {
  const { fleet, recordsDir, records } = context;
  server.get(
    '/v1/crawls/:id/records',
    {
      config: COSTLY,
      schema: {
        tags: ['crawls'],
        summary: 'The records of a crawl, each request once',
        description:
          'JSON comes in pages, in the order of writing. Accept: application/x-ndjson or text/csv gives all records at once. Only records in this server’s data directory are found.',
        params: z.object({ id: z.string().max(200) }),
        querystring: z.object(pageQuery),
        response: answers(
          z.object({ records: z.array(z.record(z.string(), z.unknown())), next: z.string().nullable() }),
        ),
      },
    },
    async (request, reply) => {
      const crawl = await exactCrawl(fleet, request.params.id);
      const recordsFolder = await findRecordsFolder(fleet, crawl);
      const form = wants(request);
      if (form === 'ndjson') return sendText(reply, 'application/x-ndjson', lines(recordsDir, recordsFolder));
      if (form === 'csv') return sendText(reply, 'text/csv', rows(recordsDir, recordsFolder), `${crawl}.csv`);
      return records.page(recordsFolder, request.query.cursor ?? null, request.query.limit);
    },
  );
}

async function* lines(dir: string, recordsFolder: string): AsyncGenerator<string> {
  for await (const json of readRecords(dir, recordsFolder)) yield `${json}\n`;
}

async function* rows(dir: string, recordsFolder: string): AsyncGenerator<string> {
  yield csvLine(COLUMNS);
  for await (const json of readRecords(dir, recordsFolder)) {
    const record = JSON.parse(json) as CrawlRecord;
    yield csvLine(COLUMNS.map((name) => (name === 'error' ? (record.error?.code ?? null) : record[name])));
  }
}
