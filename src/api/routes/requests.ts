// /v1/requests: one, an array or a stream of any length into a crawl; and what became of one.
import { createHash, randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { type CrawlSettings, crawlSettings, storedSettings } from '../../config/settings.ts';
import { beginCrawl, checkCrawlName, leaveCrawl, stayWithCrawl } from '../../crawl/crawl.ts';
import { explainRequest } from '../../explain/explain.ts';
import { requestSchema } from '../../request.ts';
import { NDJSON } from '../bodies.ts';
import type { ApiContext, ApiServer } from '../context.ts';
import { newestCrawl } from '../crawl-names.ts';
import { type Claim, claimKey } from '../idempotency.ts';
import { tooMany } from '../limits.ts';
import { type Offering, offerLines, seedLines, seedValues } from '../offering.ts';
import { ApiProblem } from '../problem.ts';
import type { Rejections } from '../rejections.ts';
import { answers } from '../shapes.ts';
import { explanationShape, partsOf } from './explain.ts';

/** Streams at a time, each with a batch and a chunk in memory. */
const MOST_STREAMS = 32;
const MOST_IN_ARRAY = 100_000;

/** For the description: userData is any JSON. */
const requestForm = requestSchema.extend({ userData: z.unknown().optional() });
const rejection = z.object({
  line: z.number().int(),
  url: z.string(),
  code: z.string(),
  message: z.string(),
});
const offeredShape = z
  .object({
    crawl: z.string().meta({ description: 'the id of the crawl that they are of now' }),
    accepted: z.number().int(),
    duplicates: z.number().int(),
    overLimit: z.number().int().meta({ description: 'not accepted because of the crawl’s limit' }),
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
          'One request, an array, or NDJSON of any length (application/x-ndjson, gzip too; a line is a URL or a request). Answered when all that was accepted is durable. Sending the same again changes nothing: a URL is fetched once in a crawl. A crawl that does not exist is begun as a plain list.',
        headers: z.object({ 'idempotency-key': z.string().max(200).optional() }),
        querystring: z.strictObject({
          crawl: z.string().max(100).default('api').meta({ description: 'name or id of the crawl' }),
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
  const claim = await claimKey(context, request);
  if (isStream) streams.count++;
  try {
    const totals = await offerBody(context, request, isStream, claim);
    return reply.type('application/json').send(answerOf(totals));
  } catch (error) {
    await claim?.release();
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
  rejected: Rejections;
}

/** A body that was offered under its Idempotency-Key before is only read: its bad lines are named again, its counts are the former ones. */
async function offerBody(
  context: ApiContext,
  request: FastifyRequest<{ Querystring: { crawl: string } }>,
  isStream: boolean,
  claim: Claim | null,
): Promise<Totals> {
  const { fleet } = context;
  const hash = createHash('sha256');
  const producer = randomUUID();
  const target = await targetOf(context, request.query.crawl, producer);
  const rules = { stripParams: target.settings.stripParams, maxLength: target.settings.maxUrlLength };
  const isGzip = /^(x-)?gzip$/i.test(request.headers['content-encoding'] ?? '');
  const lines = isStream
    ? seedLines(request.body as Readable, isGzip, rules, context, (bytes) => hash.update(bytes))
    : seedValues(valuesOf(request.body), rules, context);
  if (!isStream) hash.update(JSON.stringify(request.body));
  try {
    const offering: Offering = { crawl: target.id, producer, settings: target.settings, lines, isStream };
    const former = claim?.former?.body as Omit<Totals, 'rejected'> | undefined;
    const offered = await offerLines(context, former ? { ...offering, lines: onlyBad(lines) } : offering);
    const { accepted, duplicates, overLimit, rejected } = offered;
    const counts = former ?? { crawl: target.id, accepted, duplicates, overLimit };
    try {
      const digest = hash.digest('hex');
      claim?.checkBody(digest);
      if (!former) await claim?.settle(digest, { status: 200, body: counts });
      return { ...counts, rejected };
    } catch (error) {
      rejected.close();
      throw error;
    }
  } finally {
    await leaveCrawl(fleet, target.id, producer);
  }
}

async function* onlyBad<T extends object>(lines: AsyncIterable<T> | Iterable<T>): AsyncGenerator<T> {
  for await (const line of lines) if ('failure' in line) yield line;
}

/** The crawl that is meant, held open by `producer`: an existing one goes on, even if it was at its end; a cancelled one begins anew. */
async function targetOf(
  context: ApiContext,
  name: string,
  producer: string,
): Promise<{ id: string; settings: CrawlSettings }> {
  const { fleet } = context;
  const known = await newestCrawl(fleet, name);
  const [text, state] = known
    ? await fleet.redis.hmget(fleet.keys.crawl(known), 'settings', 'state')
    : [null, null];
  if (known && text && state !== 'cancelled') {
    await stayWithCrawl(fleet, known, producer);
    return { id: known, settings: storedSettings(text) };
  }
  try {
    checkCrawlName(name);
  } catch {
    throw new ApiProblem('E_FIELD', 'crawl: a name has letters, digits, dots and dashes, at most 100.', {
      field: 'query.crawl',
    });
  }
  const settings = { ...crawlSettings(context.settings), depth: 0 };
  const { id } = await beginCrawl(fleet, { name, producer, settings, seeds: 'from the API' });
  return { id, settings };
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

/** Written as it is read back, however many lines were bad. */
function answerOf({ rejected, ...counts }: Totals): Readable {
  async function* pieces(): AsyncGenerator<string> {
    yield `${JSON.stringify(counts).slice(0, -1)},"rejected":[`;
    for await (const piece of rejected.elements()) if (piece !== '') yield piece;
    yield ']}\n';
  }
  // Closed with the stream, whether or not anybody began to read it.
  return Readable.from(pieces(), { objectMode: false }).once('close', rejected.close);
}
