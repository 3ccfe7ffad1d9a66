// /v1/crawls/{id}/records and /items: a crawl's records or those that match a filter, and what handlers
// emitted; in pages or all at once.
import { z } from 'zod';
import { exactCrawl } from '../../crawl/crawl.ts';
import { countMissing, type KeptRecords, lookUpRecords, missingRecords } from '../../crawl/kept-records.ts';
import { recordsAsCsv } from '../../records/export/csv.ts';
import { itemsAs, itemsIn, itemsOf } from '../../records/export/items.ts';
import { asLines, withFields } from '../../records/export/json.ts';
import { pick } from '../../records/fields.ts';
import { EVERY_RECORD } from '../../records/filter.ts';
import { type RecordReader, recordLines } from '../../records/store.ts';
import type { ApiContext, ApiServer } from '../context.ts';
import { COSTLY } from '../limits.ts';
import { ApiProblem } from '../problem.ts';
import { answers, flagQuery, formatQuery, itemShape, pageQuery } from '../shapes.ts';
import { sendText, wants } from '../text-answers.ts';
import { fieldsOfQuery, filterOfQuery, recordQuery } from './record-query.ts';

const handlerQuery = z.string().max(100).optional().meta({ description: 'only the items of this handler' });

const partial = flagQuery.default(false).meta({
  description: 'give the records of this data directory even when others are missing in it',
});

export function addRecordRoutes(server: ApiServer, context: ApiContext): void {
  const { fleet, stores } = context;
  server.get(
    '/v1/crawls/:id/records',
    {
      config: COSTLY,
      schema: {
        tags: ['crawls'],
        summary: 'The records of a crawl, each request once',
        description:
          'JSON comes in pages, in the order of writing. NDJSON and CSV (format, or Accept: application/x-ndjson or text/csv) give all records at once. Only records in this server’s data directory are found; when others are missing there, the call fails with E_RECORDS_MISSING unless partial is true.',
        params: z.object({ id: z.string().max(200) }),
        querystring: z.object({ ...recordQuery, ...pageQuery, format: formatQuery, partial }),
        response: answers(
          z.object({
            records: z.array(z.record(z.string(), z.unknown())),
            next: z.string().nullable(),
            missing: z.number().int().meta({ description: 'records that are in other data directories' }),
          }),
        ),
      },
    },
    async (request, reply) => {
      const crawl = await exactCrawl(fleet, request.params.id);
      const { cursor = null, limit, format, partial: takesSome, ...given } = request.query;
      const filter = filterOfQuery(given);
      const fields = fieldsOfQuery(given);
      const kept = await lookUpRecords(fleet, crawl);
      const store = stores.at(kept.store);
      const check = (found: number) => takesSome || checkWhole(store, kept, found);
      const form = wants(request, format);
      if (form === 'json') {
        const { found, ...page } = await store.page(kept.folder, cursor, limit, filter);
        check(found ?? kept.ended);
        const shown = page.records.map((record) => (fields ? pick(record, fields) : record));
        return {
          ...page,
          records: shown as Record<string, unknown>[],
          missing: countMissing(kept, found ?? kept.ended),
        };
      }
      const lines = await begun(recordLines(store.read(kept.folder, { filter, onFound: check })));
      if (form === 'csv') return sendText(reply, 'text/csv', recordsAsCsv(lines, fields), `${crawl}.csv`);
      return sendText(reply, 'application/x-ndjson', asLines(withFields(lines, fields)));
    },
  );
}

export function addItemRoutes(server: ApiServer, context: ApiContext): void {
  const { fleet, stores } = context;
  server.get(
    '/v1/crawls/:id/items',
    {
      config: COSTLY,
      schema: {
        tags: ['crawls'],
        summary: 'What handlers emitted for the pages of a crawl',
        description:
          'JSON comes in pages of so many records, so a page may have more items than limit, or none. NDJSON and CSV (format, or Accept: application/x-ndjson or text/csv) give all items at once. Only records in this server’s data directory are found; when others are missing there, the call fails with E_RECORDS_MISSING unless partial is true.',
        params: z.object({ id: z.string().max(200) }),
        querystring: z.object({ ...pageQuery, handler: handlerQuery, format: formatQuery, partial }),
        response: answers(z.object({ items: z.array(itemShape), next: z.string().nullable() })),
      },
    },
    async (request, reply) => {
      const crawl = await exactCrawl(fleet, request.params.id);
      const { cursor = null, limit, handler = null, format, partial: takesSome } = request.query;
      const kept = await lookUpRecords(fleet, crawl);
      const store = stores.at(kept.store);
      const check = (found: number) => takesSome || checkWhole(store, kept, found);
      const form = wants(request, format);
      if (form === 'json') {
        const page = await store.page(kept.folder, cursor, limit, EVERY_RECORD);
        check(page.found ?? kept.ended);
        const items = page.records.flatMap((record) => itemsIn(record, handler));
        return { items, next: page.next };
      }
      const all = () => itemsOf(recordLines(store.read(kept.folder, { onFound: check })), handler);
      const lines = await begun(itemsAs(form === 'csv' ? 'csv' : 'jsonl', all));
      if (form === 'csv') return sendText(reply, 'text/csv', lines, `${crawl}-items.csv`);
      return sendText(reply, 'application/x-ndjson', lines);
    },
  );
}

/** Throws E_RECORDS_MISSING. */
function checkWhole(store: RecordReader, kept: KeptRecords, found: number): void {
  const missing = missingRecords(kept, found, store);
  if (missing)
    throw new ApiProblem(missing.code, `${missing.detail} partial=true gives those that are here.`);
}

/** Reads up to the first record, so that what is wrong is known before the answer begins. */
async function begun<T>(lines: AsyncGenerator<T>): Promise<AsyncGenerator<T>> {
  const first = await lines.next();
  return (async function* () {
    if (!first.done) yield first.value;
    yield* lines;
  })();
}
