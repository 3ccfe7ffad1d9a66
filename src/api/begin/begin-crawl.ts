// POST /v1/crawls: checks the whole input before anything begins, then begins the crawl and offers its seeds.
import { randomUUID } from 'node:crypto';
import type { CrawlSettings } from '../../config/settings.ts';
import { beginCrawl, leaveCrawl } from '../../crawl/crawl.ts';
import { viewCrawl } from '../../crawl/views.ts';
import { DroverError } from '../../errors.ts';
import type { OfferedLine } from '../../seeds/offer.ts';
import { checkSitemaps, withSitemaps } from '../../seeds/sitemaps.ts';
import { type UrlRules, urlRulesOf } from '../../url/normalize.ts';
import type { ApiContext } from '../context.ts';
import { digestOf, type KeptAnswer } from '../idempotency.ts';
import { boundedLines, offerLines, seedValues } from '../offering.ts';
import { ApiProblem } from '../problem.ts';
import { beginAgainFromInput } from './begin-again.ts';
import { type CheckedCrawlInput, checkedName, settingsOf } from './crawl-input.ts';

/**
 * Begins a crawl, or goes on with an unfinished crawl of that name, and offers the seeds. When every seed is
 * bad, the call fails with the error of the first one. When some are good, those are offered and the bad ones
 * are listed in `rejected`.
 *
 * Idempotent under an Idempotency-Key: a crawl without a name gets its name from the key, so a call that is
 * repeated after a crash goes on with the same crawl. Throws E_FIELD, E_SETTING and E_WEBHOOK with the
 * field's name, and what offerLines throws.
 */
export async function beginFromInput(
  context: ApiContext,
  input: CheckedCrawlInput,
  idempotencyKey: string | undefined,
): Promise<KeptAnswer> {
  if (input.again !== undefined) return beginAgainFromInput(context, { ...input, again: input.again });
  const { fleet } = context;
  const urls = urlsOf(input);
  const settings = settingsOf(context, input);
  const name = nameOf(input, idempotencyKey);
  const rules = urlRulesOf(settings);
  checkSeeds([...seedValues(urls, rules, context)], input);
  checkSitemapsOf(settings, urls, rules);
  const producer = randomUUID();
  const { store } = context.settings;
  const begun = await beginCrawl(fleet, { name, producer, settings, seeds: shownSeeds(urls), store });
  const lines = boundedLines(
    withSitemaps(toAsync(seedValues(urls, rules, context)), settings, rules),
    context,
  );
  try {
    const { rejected, assumed } = await offerLines(context, { crawl: begun.id, producer, settings, lines });
    const view = await viewCrawl(fleet, begun.id);
    rejected.close();
    return {
      status: begun.fresh ? 201 : 200,
      headers: { location: `/v1/crawls/${encodeURIComponent(begun.id)}` },
      body: { ...view, assumed, rejected: rejected.few() },
    };
  } finally {
    await leaveCrawl(fleet, begun.id, producer);
  }
}

function urlsOf({ url, urls, name, settings }: CheckedCrawlInput): string[] {
  if (url !== undefined && urls !== undefined)
    throw new ApiProblem('E_FIELD', 'url: give url or urls, not both.', { field: 'url' });
  const given = urls ?? (url === undefined ? [] : [url]);
  if (given.length === 0 && name === undefined && !settings?.sitemap)
    throw new ApiProblem(
      'E_FIELD',
      'urls: give at least one URL, or give a name and offer requests to it later.',
      {
        field: 'urls',
      },
    );
  return given;
}

function nameOf({ name }: CheckedCrawlInput, idempotencyKey: string | undefined): string {
  if (name !== undefined) return checkedName(name, 'name');
  const own = idempotencyKey === undefined ? randomUUID() : digestOf(idempotencyKey);
  return `api-${own.slice(0, 8)}`;
}

function checkSeeds(lines: readonly OfferedLine[], { urls }: CheckedCrawlInput): void {
  const first = lines.find((line) => 'failure' in line);
  if (!first || !('failure' in first) || lines.some((line) => !('failure' in line))) return;
  throw new ApiProblem(first.failure.code, first.failure.detail, {
    field: urls ? `urls.${first.line - 1}` : 'url',
  });
}

function checkSitemapsOf({ sitemap }: CrawlSettings, urls: readonly string[], rules: UrlRules): void {
  try {
    checkSitemaps(sitemap, urls, rules);
  } catch (error) {
    if (!(error instanceof DroverError)) throw error;
    throw new ApiProblem('E_FIELD', error.detail, { field: 'settings.sitemap' });
  }
}

async function* toAsync<T>(items: Iterable<T>): AsyncGenerator<T> {
  yield* items;
}

function shownSeeds(urls: readonly string[]): string {
  const shown = urls.slice(0, 5).join(' ').slice(0, 1000);
  return urls.length > 5 ? `${shown} and ${urls.length - 5} more` : shown;
}
