// /v1/explain: every decision that drover makes about a URL, whether or not the URL was ever offered, and
// where the time of a request to it goes.
import { z } from 'zod';
import { exactCrawl } from '../../crawl/crawl.ts';
import { createLoadedCrawls } from '../../crawl/loaded-crawl.ts';
import { type Explanation, explainUrl } from '../../explain/explain.ts';
import { timeUrl, type UrlTiming } from '../../explain/time-url.ts';
import { parseSeedValue } from '../../seeds/read.ts';
import type { ApiContext, ApiServer } from '../context.ts';
import { nameForCommands } from '../crawl-names.ts';
import { inBounds } from '../offering.ts';
import { ApiProblem } from '../problem.ts';
import { answers, attemptShape, hostShape, letterShape } from '../shapes.ts';

/** Timings of one client in the window of limits.ts: each sends requests to somebody's server. */
const TIMINGS = { rateLimit: { max: 20 } };
/** Timings at a time, of all clients: each may hold a page in memory. */
const MOST_TIMINGS = 10;
/** How long a call waits for a slot of the host, or for the time of its start. */
const PATIENCE_MS = 3000;

const stepShape = z.object({
  step: z.string(),
  ok: z.boolean().nullable(),
  text: z.string(),
  detail: z.record(z.string(), z.unknown()).optional(),
});

const milliseconds = z.number().nullable();
const phaseShape = z.object({
  phase: z.enum(['dns', 'connect', 'tls', 'send', 'firstByte', 'download', 'total']),
  atMs: milliseconds,
  ms: milliseconds,
  longestPauseMs: milliseconds,
  limitMs: milliseconds,
  option: z.string().nullable(),
  percent: z.number().nullable(),
  failed: z.boolean(),
});
const errorShape = z.object({ code: z.string(), layer: z.string(), message: z.string(), advice: z.string() });
const waterfallShape = z
  .object({
    hops: z.array(
      z.object({
        url: z.string(),
        status: z.number().int().nullable(),
        address: z.string().nullable(),
        proxy: z.string().nullable(),
        connection: z.enum(['new', 'kept']).nullable(),
        location: z.string().nullable(),
        phases: z.array(phaseShape),
      }),
    ),
    total: phaseShape,
    nearest: phaseShape.extend({ hop: z.number().int() }).nullable(),
    error: errorShape.nullable(),
    waited: z.object({ queueMs: milliseconds, slotMs: milliseconds }).nullable(),
  })
  .meta({ id: 'Waterfall' });
const timingShape = z
  .object({
    url: z.string(),
    refused: errorShape.nullable(),
    requests: z.array(
      waterfallShape.extend({
        of: z.enum(['page', 'robots.txt']),
        finalUrl: z.string(),
        status: z.number().int().nullable(),
        bytes: z.number().int().nullable(),
      }),
    ),
  })
  .meta({ id: 'Timing' });

export const explanationShape = z
  .object({
    url: z.string(),
    normalized: z.string().nullable(),
    fingerprint: z.string().nullable(),
    host: z.string().nullable(),
    crawl: z.string().nullable(),
    verdict: z.string(),
    steps: z.array(stepShape),
    attempts: z.array(attemptShape),
    letter: letterShape.nullable(),
    record: z
      .object({ file: z.string(), offset: z.number().nullable(), record: z.record(z.string(), z.unknown()) })
      .nullable(),
    hostState: hostShape.nullable(),
    waterfall: waterfallShape.nullable(),
  })
  .meta({ id: 'Explanation' });

/** The parts of the context that explainUrl and explainRequest need. */
export function partsOf({ fleet, queues, stores, settings }: ApiContext) {
  return { fleet, queues, stores, settings };
}

export function addExplainRoutes(server: ApiServer, context: ApiContext): void {
  const { fleet } = context;
  addTiming(server, context);
  server.get(
    '/v1/explain',
    {
      schema: {
        tags: ['requests'],
        summary: 'Why was this URL (not) fetched?',
        querystring: z.object({
          url: z.string().min(1).max(20_000),
          crawl: z
            .string()
            .max(200)
            .optional()
            .meta({ description: 'id of a crawl; by default the newest crawl that has seen the URL' }),
        }),
        response: answers(explanationShape),
      },
    },
    async ({ query }): Promise<Explanation> => {
      const { url, crawl } = query;
      const id = crawl === undefined ? null : await exactCrawl(fleet, crawl);
      return explainUrl(partsOf(context), url, id && (await nameForCommands(fleet, id)));
    },
  );
}

function addTiming(server: ApiServer, context: ApiContext): void {
  let running = 0;
  server.post(
    '/v1/explain/timing',
    {
      config: TIMINGS,
      schema: {
        tags: ['requests'],
        summary: 'Send one request now, and show where its time goes',
        description:
          'Obeys robots.txt, the guard of addresses and the limits of the host, as a crawl does. Nothing is stored. What keeps the request from being sent is in `refused`; a failed request is in `requests`, with the phase that failed.',
        body: z.strictObject({
          url: z.string().min(1).max(20_000),
          crawl: z
            .string()
            .max(200)
            .optional()
            .meta({ description: 'id of a crawl whose settings are used; by default those of the server' }),
          repeat: z
            .number()
            .int()
            .min(1)
            .max(5)
            .optional()
            .meta({ description: 'how many requests; the later ones show a warm connection' }),
        }),
        response: answers(timingShape),
      },
    },
    async ({ body }, reply): Promise<UrlTiming> => {
      const asked = await checkedTiming(context, body);
      if (running >= MOST_TIMINGS)
        throw new ApiProblem('E_TOO_MANY', 'Other timings are under way.', { retryAfterSeconds: 5 });
      running++;
      const left = new AbortController();
      reply.raw.once('close', () => left.abort());
      try {
        const gate = { fleet: context.fleet, crawl: body.crawl ?? '', patienceMs: PATIENCE_MS };
        const { repeat = 1 } = body;
        return await timeUrl({ ...asked, repeat, gate, mayNameHost: false, signal: left.signal });
      } finally {
        running--;
      }
    },
  );
}

/**
 * The normalised URL and the settings of its request. Those of a crawl never widen the addresses that the
 * server allows. Throws the failures of URLs and E_SSRF for the field `url`, E_CRAWL_UNKNOWN.
 */
async function checkedTiming(
  context: ApiContext,
  { url, crawl }: { url: string; crawl?: string | undefined },
) {
  const { fleet, settings } = context;
  const seed = inBounds({ line: 1, ...parseSeedValue(url, { maxLength: settings.maxUrlLength }) }, context);
  if ('failure' in seed) throw new ApiProblem(seed.failure.code, seed.failure.detail, { field: 'url' });
  const id = crawl === undefined ? null : await exactCrawl(fleet, crawl);
  const loaded = id === null ? null : await createLoadedCrawls(fleet).get(id);
  const { allowPrivate, allowPort } = settings;
  return { url: seed.input.url, settings: { ...settings, ...loaded?.settings, allowPrivate, allowPort } };
}
