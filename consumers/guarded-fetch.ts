// A fetch under the guard of its crawl: seeds, which the operator named, allow their own host and port.

import type { Plan } from '../src/crawl/loaded-crawl.ts';
import type { FetchRequest } from '../src/fetch/client.ts';
import type { AllowList } from '../src/fetch/guard.ts';
import type { FetchResult } from '../src/outcome.ts';
import { hostPortOf } from '../src/url/host.ts';
import type { Station, Work } from './context.ts';

export function allowListOf(plan: Plan): AllowList {
  return { cidrs: plan.settings.allowPrivate, hosts: plan.seedHosts };
}

/**
 * Fetches; when the guard refuses an address whose host and port a seed named, notes that and fetches again. Only private hosts pay
 * for the question.
 */
export async function guardedFetch(
  station: Station,
  work: Work,
  request: FetchRequest,
): Promise<FetchResult> {
  const result = await station.fetcher.fetch(request);
  if (result.ok || result.failure.code !== 'E_SSRF') return result;
  const refused = hostPortOf(result.finalUrl);
  if (work.plan.seedHosts.has(refused)) return result;
  if (!(await station.plans.isSeedHost(work.plan, refused))) return result;
  return guardedFetch(station, work, request);
}
