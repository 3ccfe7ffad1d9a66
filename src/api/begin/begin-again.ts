// POST /v1/crawls with `again`: the next run of a crawl, with the seeds and settings of the former one.
import { randomUUID } from 'node:crypto';
import { leaveCrawl } from '../../crawl/crawl.ts';
import { viewCrawl } from '../../crawl/views.ts';
import { beginAgain } from '../../seeds/again.ts';
import type { ApiContext } from '../context.ts';
import type { KeptAnswer } from '../idempotency.ts';
import { boundedLines, offerLines } from '../offering.ts';
import { ApiProblem } from '../problem.ts';
import { type CheckedCrawlInput, checkedName, settingsAgain } from './crawl-input.ts';

/**
 * Begins the next run, or goes on with one that was begun so, and offers the seeds. A full frontier holds the
 * call back without limit. When it fails, the run has not ended: the same call goes on. Private hosts are
 * refused as everywhere in the API, whoever named them in the former run. Throws E_FIELD, E_SETTING and
 * E_WEBHOOK with the field's name, and what beginAgain and offerLines throw.
 */
export async function beginAgainFromInput(
  context: ApiContext,
  input: CheckedCrawlInput & { again: string },
): Promise<KeptAnswer> {
  const { fleet } = context;
  for (const field of ['name', 'url', 'urls'] as const)
    if (input[field] !== undefined)
      throw new ApiProblem('E_FIELD', `${field}: with again, leave it out; name and seeds are known.`, {
        field,
      });
  const again = checkedName(input.again, 'again');
  const producer = randomUUID();
  const begun = await beginAgain(fleet, {
    ...{ again, given: 'again', producer, store: null, mayNameHosts: false, sitemaps: [] },
    settingsOf: (former) => settingsAgain(context, input, former),
  });
  const { id, fresh, settings, lines } = begun;
  const { rejected, assumed } = await offerLines(context, {
    ...{ crawl: id, producer, settings: { ...settings, keepSeeds: 0 }, isStream: true },
    lines: boundedLines(lines(), context),
  });
  await leaveCrawl(fleet, id, producer);
  const view = await viewCrawl(fleet, id);
  rejected.close();
  return {
    status: fresh ? 201 : 200,
    headers: { location: `/v1/crawls/${encodeURIComponent(id)}` },
    body: { ...view, assumed, rejected: rejected.few() },
  };
}
