// /v1/crawls/{id}/records: a crawl's records, in pages or all at once.
import { z } from 'zod';
import { findRecordsFolder } from '../../crawl/crawl.ts';
import { recordsAsCsv } from '../../records/export/csv.ts';
import { readRecords } from '../../records/read/read.ts';
import type { ApiContext, ApiServer } from '../context.ts';
import { exactCrawl } from '../crawl-names.ts';
import { COSTLY } from '../limits.ts';
import { answers, pageQuery } from '../shapes.ts';
import { sendText, wants } from '../text-answers.ts';

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
      if (form === 'csv') {
        const csv = recordsAsCsv(readRecords(recordsDir, recordsFolder));
        return sendText(reply, 'text/csv', csv, `${crawl}.csv`);
      }
      return records.page(recordsFolder, request.query.cursor ?? null, request.query.limit);
    },
  );
}

async function* lines(dir: string, recordsFolder: string): AsyncGenerator<string> {
  for await (const json of readRecords(dir, recordsFolder)) yield `${json}\n`;
}
