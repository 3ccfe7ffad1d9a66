// /v1/explain: every decision that drover makes about a URL, whether or not the URL was ever offered.
import { z } from 'zod';
import { type Explanation, explainUrl } from '../../explain/explain.ts';
import type { ApiContext, ApiServer } from '../context.ts';
import { exactCrawl, nameForCommands } from '../crawl-names.ts';
import { answers, attemptShape, hostShape, letterShape } from '../shapes.ts';

const stepShape = z.object({
  step: z.string(),
  ok: z.boolean().nullable(),
  text: z.string(),
  detail: z.record(z.string(), z.unknown()).optional(),
});

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
  })
  .meta({ id: 'Explanation' });

/** The parts of the context that explainUrl and explainRequest need. */
export function partsOf({ fleet, queue, stores, settings }: ApiContext) {
  return { fleet, queue, stores, settings };
}

export function addExplainRoutes(server: ApiServer, context: ApiContext): void {
  const { fleet } = context;
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
