// /v1/dead: reads dead letters, in groups and one by one, and purges them.
import { z } from 'zod';
import { exactCrawl } from '../../crawl/crawl.ts';
import { deadLines } from '../../dead/export.ts';
import type { DeadFilter } from '../../dead/filter.ts';
import { purgeMatching } from '../../dead/purge.ts';
import { summarizeDead } from '../../dead/read.ts';
import { purgedDirectory } from '../../dead/retention.ts';
import { deadJobsOn, deadShards, pageOfDead, showDead } from '../../dead/shards/letters.ts';
import { redacted } from '../../redact.ts';
import type { ApiContext, ApiServer } from '../context.ts';
import { COSTLY } from '../limits.ts';
import { ApiProblem } from '../problem.ts';
import {
  answers,
  codeQuery,
  flagQuery,
  formatQuery,
  groupShape,
  letterDetailShape,
  letterShape,
  pageQuery,
  sinceOf,
  sinceQuery,
} from '../shapes.ts';
import { sendText, wants } from '../text-answers.ts';

const tags = ['dead letters'];

/**
 * Filter of dead letters. It is used for queries, where all values are text, and for bodies, where numbers
 * may be numbers.
 */
export const deadFilterShape = z.strictObject({
  code: codeQuery,
  host: z.string().max(300).optional(),
  crawl: z.string().max(200).optional().meta({ description: 'id of a crawl' }),
  since: sinceQuery.meta({
    description: 'failed at or after this time (ISO 8601), or within this duration (2h, 7d)',
  }),
  attempts: z.coerce.number().int().min(1).optional().meta({ description: 'least number of attempts' }),
  q: z.string().max(1000).optional().meta({ description: 'text that the URL or the message contains' }),
});

/** Turns the input into a filter; a duration counts back from now. Throws E_CRAWL_UNKNOWN. */
export async function deadFilterOf(
  { fleet }: ApiContext,
  given: z.infer<typeof deadFilterShape>,
): Promise<DeadFilter> {
  return {
    crawl: given.crawl === undefined ? null : await exactCrawl(fleet, given.crawl),
    code: given.code ?? null,
    host: given.host?.toLowerCase() ?? null,
    since: given.since === undefined ? null : sinceOf(given.since),
    attempts: given.attempts ?? null,
    q: given.q ?? null,
  };
}

export function addDeadRoutes(server: ApiServer, context: ApiContext): void {
  const shards = deadShards(context.fleet, context.queues);
  const page = z.object({ letters: z.array(letterShape), next: z.string().nullable() });
  server.get(
    '/v1/dead',
    {
      config: COSTLY,
      schema: {
        tags,
        summary: 'Dead letters, the newest first',
        description:
          'JSON comes in pages. NDJSON and CSV (format, or Accept: application/x-ndjson or text/csv) give all letters at once.',
        querystring: deadFilterShape.extend({ ...pageQuery, format: formatQuery }),
        response: answers(page),
      },
    },
    async (request, reply) => {
      const { cursor, limit, format, ...given } = request.query;
      const filter = await deadFilterOf(context, given);
      const form = wants(request, format);
      if (form === 'ndjson')
        return sendText(reply, 'application/x-ndjson', deadLines(deadJobsOn(shards, filter), 'ndjson'));
      if (form === 'csv')
        return sendText(reply, 'text/csv', deadLines(deadJobsOn(shards, filter), 'csv'), 'dead-letters.csv');
      const { letters, next } = await pageOfDead(shards, filter, cursor ?? null, limit);
      return { letters: redacted(letters), next };
    },
  );
  server.get(
    '/v1/dead/summary',
    {
      config: COSTLY,
      schema: {
        tags,
        summary: 'Groups of one code at one host, the largest first',
        querystring: deadFilterShape,
        response: answers(z.object({ groups: z.array(groupShape) })),
      },
    },
    async ({ query }) => ({
      groups: redacted(await summarizeDead(shards, await deadFilterOf(context, query))),
    }),
  );
  server.get(
    '/v1/dead/:jobId',
    {
      schema: {
        tags,
        summary: 'One dead letter, with its request and every attempt',
        params: z.object({ jobId: z.string().max(300) }),
        response: answers(letterDetailShape),
      },
    },
    async ({ params }) => redacted(await showDead(shards, params.jobId)),
  );
  addPurge(server, context);
}

function addPurge(server: ApiServer, context: ApiContext): void {
  const shards = deadShards(context.fleet, context.queues);
  server.delete(
    '/v1/dead',
    {
      config: COSTLY,
      schema: {
        tags,
        summary: 'Purge dead letters; they are first exported on the server, unless export=false',
        description: 'Needs a filter or all=true.',
        querystring: deadFilterShape.extend({ all: flagQuery.optional(), export: flagQuery.default(true) }),
        response: answers(z.object({ purged: z.number().int(), exportedTo: z.string().nullable() })),
      },
    },
    async ({ query }) => {
      const { all, export: isExported, ...given } = query;
      if (!all && Object.keys(given).length === 0)
        throw new ApiProblem('E_FIELD', 'Give a filter, or all=true.', { field: 'query.all' });
      const exportDir = isExported ? purgedDirectory(context.settings.dataDir) : null;
      return purgeMatching(shards, await deadFilterOf(context, given), exportDir);
    },
  );
}
