// /v1/requests: offers one request, an array or a stream to a crawl; tells what became of one request.
import { createHash, randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { type CrawlSettings, crawlSettings, storedSettings } from '../../config/settings.ts';
import {
  API_CRAWL,
  beginCrawl,
  checkCrawlName,
  leaveCrawl,
  letCrawlGo,
  stayWithCrawl,
} from '../../crawl/crawl.ts';
import { wakeCrawl } from '../../crawl/shards/end.ts';
import { DroverError } from '../../errors.ts';
import { explainRequest } from '../../explain/explain.ts';
import { requestSchema } from '../../request.ts';
import { urlRulesOf } from '../../url/normalize.ts';
import { NDJSON } from '../bodies.ts';
import type { ApiContext, ApiServer } from '../context.ts';
import { newestCrawl } from '../crawl-names.ts';
import { holdKey, type KeyHold } from '../idempotency.ts';
import { tooMany } from '../limits.ts';
import { type Offering, offerLines, seedLines, seedValues } from '../offering.ts';
import { ApiProblem } from '../problem.ts';
import type { Rejections } from '../rejections.ts';
import { answers } from '../shapes.ts';
import { explanationShape, partsOf } from './explain.ts';

/** Most streams at a time. Each keeps a batch and a chunk in memory. */
const MOST_STREAMS = 32;
const MOST_IN_ARRAY = 100_000;
/** The seeds of a crawl that this route has begun. */
const SEEDS = 'from the API';

/** The shape of a request for the OpenAPI description, where userData is any JSON. */
const requestForm = requestSchema.extend({ userData: z.unknown().optional() });
const rejection = z.object({
  line: z.number().int(),
  url: z.string(),
  code: z.string(),
  message: z.string(),
});
const offeredShape = z
  .object({
    crawl: z.string().meta({ description: 'id of the crawl that now has the requests' }),
    accepted: z.number().int(),
    duplicates: z.number().int(),
    overLimit: z
      .number()
      .int()
      .meta({ description: 'not accepted, because the crawl has reached its limit' }),
    assumed: z.number().int().meta({
      description: 'URLs without a scheme: https was assumed, or http for an address and localhost',
    }),
    rejected: z.array(rejection),
  })
  .meta({ id: 'Offered' });

export function addRequestRoutes(server: ApiServer, context: ApiContext): void {
  const streams = { count: 0 };
  server.post(
    '/v1/requests',
    {
      config: { bodyShape: z.union([requestForm, z.array(z.union([requestForm, z.string()]))]) },
      schema: {
        tags: ['requests'],
        summary: 'Enqueue requests',
        description:
          'The body is one request, an array, or NDJSON of any length (application/x-ndjson, also gzipped; a line is a URL or a request). The answer comes when all accepted requests are durable. Sending the same requests again changes nothing: a crawl fetches each URL once. A crawl that does not exist begins as a plain list, whose links are not followed.',
        headers: z.object({ 'idempotency-key': z.string().max(200).optional() }),
        querystring: z.strictObject({
          crawl: z
            .string()
            .max(100)
            .default(API_CRAWL)
            .meta({
              description: `name or id of the crawl; nobody but this route can begin ${API_CRAWL}`,
            }),
        }),
        response: answers(offeredShape),
      },
    },
    (request, reply) =>
      enqueue(context, streams, request as FastifyRequest<{ Querystring: { crawl: string } }>, reply),
  );
  server.get(
    '/v1/requests/:id',
    {
      schema: {
        tags: ['requests'],
        summary: 'What became of a request, and why',
        params: z.object({ id: z.string().max(300).meta({ description: 'CRAWL.FINGERPRINT' }) }),
        response: answers(explanationShape),
      },
    },
    async (request) => explainRequest(partsOf(context), request.params.id),
  );
}

async function enqueue(
  context: ApiContext,
  streams: { count: number },
  request: FastifyRequest<{ Querystring: { crawl: string } }>,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const isStream = NDJSON.includes(
    (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '',
  );
  if (isStream && streams.count >= MOST_STREAMS) throw tooMany(5000);
  const hold = await holdKey(context, request);
  if (isStream) streams.count++;
  try {
    const totals = await offerBody(context, request, isStream, hold);
    return reply.type('application/json').send(answerOf(totals));
  } catch (error) {
    await hold?.release();
    throw error;
  } finally {
    if (isStream) streams.count--;
  }
}

interface Totals {
  crawl: string;
  accepted: number;
  duplicates: number;
  overLimit: number;
  assumed: number;
  rejected: Rejections;
}

/**
 * Offers the body's requests. A body that has been offered under the same Idempotency-Key before is only read
 * again, to list its bad lines; its counts are those of the first call.
 */
async function offerBody(
  context: ApiContext,
  request: FastifyRequest<{ Querystring: { crawl: string } }>,
  isStream: boolean,
  hold: KeyHold | null,
): Promise<Totals> {
  const { fleet } = context;
  const hash = createHash('sha256');
  const producer = randomUUID();
  const target = await targetOf(context, request.query.crawl, producer);
  const rules = urlRulesOf(target.settings);
  const isGzip = /^(x-)?gzip$/i.test(request.headers['content-encoding'] ?? '');
  const lines = isStream
    ? seedLines(request.body as Readable, isGzip, rules, context, (bytes) => hash.update(bytes))
    : seedValues(valuesOf(request.body), rules, context);
  if (!isStream) hash.update(JSON.stringify(request.body));
  try {
    const offering: Offering = { crawl: target.id, producer, settings: target.settings, lines, isStream };
    const former = hold?.former?.body as Omit<Totals, 'rejected'> | undefined;
    const offered = await offerLines(context, former ? { ...offering, lines: onlyBad(lines) } : offering);
    const { accepted, duplicates, overLimit, assumed, rejected } = offered;
    const counts = former ?? { crawl: target.id, accepted, duplicates, overLimit, assumed };
    try {
      const digest = hash.digest('hex');
      hold?.checkBody(digest);
      if (!former) await hold?.keep(digest, { status: 200, body: counts });
      return { ...counts, rejected };
    } catch (error) {
      rejected.close();
      throw error;
    }
  } finally {
    // The producer of another crawl may not have offered everything, and may have died: it can still go on.
    await (target.isOwn ? leaveCrawl : letCrawlGo)(fleet, target.id, producer);
  }
}

async function* onlyBad<T extends object>(lines: AsyncIterable<T> | Iterable<T>): AsyncGenerator<T> {
  for await (const line of lines) if ('failure' in line) yield line;
}

interface Target {
  id: string;
  settings: CrawlSettings;
  /** Whether this route has begun it. */
  isOwn: boolean;
}

/**
 * Finds the crawl of this name or id and holds it open for `producer`. A finished crawl goes on; instead of a
 * cancelled or missing one, a new crawl of that name begins. Throws E_FIELD for a malformed name.
 */
async function targetOf(context: ApiContext, name: string, producer: string): Promise<Target> {
  const { fleet } = context;
  const known = await newestCrawl(fleet, name);
  const [text, state, seeds] = known
    ? await fleet.redis.hmget(fleet.keys.crawl(known), 'settings', 'state', 'seeds')
    : [null, null, null];
  if (known && text && state !== 'cancelled') {
    await stayWithCrawl(fleet, known, producer);
    await wakeCrawl(fleet, known);
    return { id: known, settings: storedSettings(text), isOwn: seeds === SEEDS };
  }
  try {
    if (name !== API_CRAWL) checkCrawlName(name, 'crawl');
  } catch (error) {
    if (!(error instanceof DroverError)) throw error;
    throw new ApiProblem('E_FIELD', error.detail, { field: 'query.crawl' });
  }
  const own = { ...crawlSettings(context.settings), depth: 0 };
  // The crawl of requests that nobody has named never begins again.
  const settings = name === API_CRAWL ? { ...own, keepSeeds: 0 } : own;
  const { id } = await beginCrawl(fleet, {
    name,
    producer,
    settings,
    seeds: SEEDS,
    store: context.settings.store,
    isFromApi: true,
  });
  return { id, settings, isOwn: true };
}

function valuesOf(body: unknown): readonly unknown[] {
  if (body === undefined || body === null)
    throw new ApiProblem('E_FIELD', 'The body is empty: send a request, an array or NDJSON.', {
      field: 'body',
    });
  const values = Array.isArray(body) ? body : [body];
  if (values.length > MOST_IN_ARRAY)
    throw new ApiProblem('E_BODY_SIZE', `An array holds at most ${MOST_IN_ARRAY} requests.`);
  return values;
}

/** Writes the answer piece by piece, because an upload may have any number of bad lines. */
function answerOf({ rejected, ...counts }: Totals): Readable {
  async function* pieces(): AsyncGenerator<string> {
    yield `${JSON.stringify(counts).slice(0, -1)},"rejected":[`;
    for await (const piece of rejected.elements()) if (piece !== '') yield piece;
    yield ']}\n';
  }
  // The file of bad lines is closed with the stream, even when nobody has begun to read it.
  return Readable.from(pieces(), { objectMode: false }).once('close', rejected.close);
}
