// /v1/crawls: begin crawls, read them, pause, resume and cancel them.
import { z } from 'zod';
import { exactCrawl } from '../../crawl/crawl.ts';
import { steerCrawl } from '../../crawl/steer.ts';
import { pageOfCrawls, viewCrawl, viewCrawls } from '../../crawl/views.ts';
import { ALL_DEAD } from '../../dead/filter.ts';
import { summarizeDead } from '../../dead/read.ts';
import { purgedDirectory } from '../../dead/retention.ts';
import { deadShards } from '../../dead/shards/letters.ts';
import { forgetCrawl } from '../../forget/forget.ts';
import { beginFromInput } from '../begin/begin-crawl.ts';
import { crawlInput } from '../begin/crawl-input.ts';
import type { ApiContext, ApiServer } from '../context.ts';
import { nameForCommands } from '../crawl-names.ts';
import { once } from '../idempotency.ts';
import { COSTLY } from '../limits.ts';
import { answers, crawlShape, groupShape, pageQuery } from '../shapes.ts';

const tags = ['crawls'];
const params = z.object({ id: z.string().max(200).meta({ description: 'the id of a crawl' }) });
const rejectedShape = z.object({ line: z.number(), url: z.string(), code: z.string(), message: z.string() });

const begunShape = crawlShape.extend({
  assumed: z.number().int().meta({ description: 'seeds without a scheme, for which one was assumed' }),
  rejected: z.array(rejectedShape),
});

export function addCrawlRoutes(server: ApiServer, context: ApiContext): void {
  const { fleet } = context;
  server.post(
    '/v1/crawls',
    {
      config: COSTLY,
      schema: {
        tags,
        summary: 'Begin a crawl',
        body: crawlInput,
        headers: z.object({ 'idempotency-key': z.string().max(200).optional() }),
        response: {
          ...answers(begunShape, 201),
          200: begunShape.meta({ description: 'an unfinished crawl of that name goes on' }),
        } as Record<string, z.ZodType>,
      },
    },
    (request, reply) =>
      once(context, request, reply, () =>
        beginFromInput(context, request.body, request.headers['idempotency-key']),
      ),
  );
  server.get(
    '/v1/crawls',
    {
      schema: {
        tags,
        summary: 'All crawls, the newest first',
        querystring: z.object(pageQuery),
        response: answers(z.object({ crawls: z.array(crawlShape), next: z.string().nullable() })),
      },
    },
    async ({ query }) => {
      const { ids, next } = await pageOfCrawls(fleet, query.cursor ?? null, query.limit);
      return { crawls: await viewCrawls(fleet, ids), next };
    },
  );
  server.get(
    '/v1/crawls/:id',
    { schema: { tags, summary: 'One crawl, with its settings', params, response: answers(crawlShape) } },
    async (request) => viewCrawl(fleet, await exactCrawl(fleet, request.params.id)),
  );
  addSteering(server, context);
  addErrors(server, context);
}

function addSteering(server: ApiServer, { fleet, queues, settings }: ApiContext): void {
  const steer = async (id: string, how: 'pause' | 'resume' | 'cancel') => {
    const crawl = await exactCrawl(fleet, id);
    await steerCrawl(fleet, await nameForCommands(fleet, crawl), how);
    return viewCrawl(fleet, crawl);
  };
  // The id itself and nothing else: a call that is repeated must not meet another crawl of that name.
  const forget = async (crawl: string) => {
    const view = await viewCrawl(fleet, crawl);
    const exportDir = settings.purgeUnexported ? null : purgedDirectory(settings.dataDir);
    await forgetCrawl({ fleet, queues, exportDir }, crawl);
    return view;
  };
  const schema = (summary: string) => ({ tags, summary, params, response: answers(crawlShape) });
  server.delete(
    '/v1/crawls/:id',
    {
      schema: {
        ...schema(
          'Cancel: waiting requests are dropped, records are kept. With forget=true, forget an ended crawl',
        ),
        description:
          'With `forget=true`, all that Redis keeps of a crawl that has ended is removed; its dead letters are exported first, and records on disk stay. Afterwards there is no such crawl. The answer is the crawl as it was.',
        querystring: z.strictObject({ forget: z.enum(['true', 'false']).default('false') }),
      },
    },
    ({ params: { id }, query }) => (query.forget === 'true' ? forget(id) : steer(id, 'cancel')),
  );
  server.post(
    '/v1/crawls/:id/pause',
    { schema: schema('Pause: no new fetch of this crawl starts') },
    (request) => steer(request.params.id, 'pause'),
  );
  server.post('/v1/crawls/:id/resume', { schema: schema('Resume a paused crawl') }, (request) =>
    steer(request.params.id, 'resume'),
  );
}

const errorsShape = z.object({
  errors: z.record(z.string(), z.number()),
  refusals: z.record(z.string(), z.number()),
  leftOut: z.record(z.string(), z.number()),
  groups: z.array(groupShape),
});

function addErrors(server: ApiServer, { fleet, queues }: ApiContext): void {
  const shards = deadShards(fleet, queues);
  server.get(
    '/v1/crawls/:id/errors',
    {
      config: COSTLY,
      schema: {
        tags,
        summary: 'Failed, refused and left-out requests, by code',
        params,
        response: answers(errorsShape),
      },
    },
    async (request) => {
      const crawl = await exactCrawl(fleet, request.params.id);
      const { errors, refusals, leftOut } = await viewCrawl(fleet, crawl);
      const groups = await summarizeDead(shards, { ...ALL_DEAD, crawl });
      return { errors, refusals, leftOut, groups };
    },
  );
}
