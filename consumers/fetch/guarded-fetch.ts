// A fetch under the guard of its crawl. The operator named the seeds, so each seed allows its own host and
// port.
import type { FetchRequest } from '../../src/fetch/client.ts';
import type { FetchResult } from '../../src/outcome.ts';
import { hostPortOf } from '../../src/url/host.ts';
import type { ActiveFetch, ConsumerContext } from '../context.ts';

/**
 * When the guard refuses an address, it is checked whether a seed named its host and port; if so, this is
 * noted and the fetch is repeated. Only private hosts pay for this question.
 */
export async function guardedFetch(
  context: ConsumerContext,
  fetch: ActiveFetch,
  request: FetchRequest,
): Promise<FetchResult> {
  const result = await context.fetcher.fetch(request);
  if (result.ok || result.failure.code !== 'E_SSRF') return result;
  const refused = hostPortOf(result.finalUrl);
  if (fetch.loadedCrawl.seedHosts.has(refused)) return result;
  if (!(await context.loadedCrawls.isSeedHost(fetch.loadedCrawl, refused))) return result;
  return guardedFetch(context, fetch, request);
}
