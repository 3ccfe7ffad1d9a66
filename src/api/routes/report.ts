// /v1/crawls/{id}/report: what is wrong with a crawled site.
import { z } from 'zod';
import { exactCrawl } from '../../crawl/crawl.ts';
import { everyKind } from '../../report/kinds.ts';
import { reportOnCrawl } from '../../report/of-crawl.ts';
import { reportAsJson } from '../../report/text-forms.ts';
import type { ApiContext, ApiServer } from '../context.ts';
import { answers } from '../shapes.ts';
import { sendText } from '../text-answers.ts';

/** A report reads all records: few at a time. */
const VERY_COSTLY = { rateLimit: { max: 20 } };

const findings = z.array(z.record(z.string(), z.unknown()));
const reportShape = z.object({
  ...{ crawl: z.string(), state: z.string(), generatedAt: z.string() },
  ...{ records: z.number().int(), pages: z.number().int() },
  thresholds: z.record(z.string(), z.number()),
  notes: z.array(z.string()).meta({ description: 'what the report cannot tell, or tells of a part only' }),
  cannotTell: z.array(z.string()).meta({ description: 'kinds of which it can tell nothing' }),
  counts: z.record(z.string(), z.number().int()),
  faults: z.record(z.string(), z.number().int()),
  ...Object.fromEntries(everyKind.map((kind) => [kind, findings])),
});

const whole = (least: number, most: number) => z.coerce.number().int().min(least).max(most);

export function addReportRoutes(server: ApiServer, context: ApiContext): void {
  server.get(
    '/v1/crawls/:id/report',
    {
      config: VERY_COSTLY,
      schema: {
        tags: ['crawls'],
        summary: 'What is wrong with a crawled site',
        description:
          'Broken links with the pages that link to them, redirects, external links, slow and heavy pages, duplicates, canonicals, mixed content, orphans. Reads all records of the crawl and fetches nothing. When records are in other places, `notes` says how many.',
        params: z.object({ id: z.string().max(200) }),
        querystring: z.object({
          most: whole(1, 1_000_000).optional().meta({
            description: 'findings of each kind, and pages of each finding, to give; counts stay whole',
          }),
          slow: whole(0, 86_400_000).default(1000).meta({ description: 'milliseconds to the first byte' }),
          heavy: whole(1, 1e12).default(500_000).meta({ description: 'bytes of HTML' }),
          similar: whole(50, 100).default(80).meta({ description: 'percent' }),
        }),
        response: answers(reportShape),
      },
    },
    async (request, reply) => {
      const { most, slow: slowMs, heavy: heavyBytes, similar } = request.query;
      const crawl = await exactCrawl(context.fleet, request.params.id);
      const { report } = await reportOnCrawl(context, crawl, { slowMs, heavyBytes, similar });
      return sendText(reply, 'application/json', pieces(reportAsJson(report, most)));
    },
  );
}

async function* pieces(texts: Iterable<string>): AsyncGenerator<string> {
  yield* texts;
}
