// A fetch under the guard of its crawl. The operator named the seeds, so each seed allows its own host and
// port. The wait for a name that is not known yet holds no permit.
import { DroverError } from '../../src/errors.ts';
import type { FetchRequest } from '../../src/fetch/client.ts';
import { type FetchResult, NO_TIMINGS, type Timings } from '../../src/outcome.ts';
import { hostPortOf } from '../../src/url/host.ts';
import type { ActiveFetch, ConsumerContext } from '../context.ts';
import { waitInRoom } from '../slot/waiting-room.ts';
import type { FetchPurpose } from '../store/page-archive.ts';

/**
 * When the guard refuses an address, it is checked whether a seed named its host and port; if so, this is
 * noted and the fetch is repeated. Only private hosts pay for this question. Throws what is wrong on our
 * side, such as E_IDENTITY_NONE: the request waits until somebody can send it as its crawl wants it.
 */
export async function guardedFetch(
  context: ConsumerContext,
  fetch: ActiveFetch,
  request: FetchRequest,
  purpose: FetchPurpose = 'request',
): Promise<FetchResult> {
  const result = await fetchNamed(context, fetch, fetch.archive?.watched(request, purpose) ?? request);
  if (result.ok) return result;
  const { code, layer, detail } = result.failure;
  if (layer === 'settings') throw new DroverError(code, detail);
  if (code !== 'E_SSRF') return result;
  const refused = hostPortOf(result.finalUrl);
  if (fetch.loadedCrawl.seedHosts.has(refused)) return result;
  if (!(await context.loadedCrawls.isSeedHost(fetch.loadedCrawl, refused))) return result;
  return guardedFetch(context, fetch, request, purpose);
}

/** The look-up counts as part of the fetch: in its timings, and against the limit of the whole request. */
async function fetchNamed(
  context: ConsumerContext,
  { slot }: ActiveFetch,
  request: FetchRequest,
): Promise<FetchResult> {
  const asking = context.fetcher.lookUp(request);
  if (asking === null) return context.fetcher.fetch(request);
  const began = performance.now();
  let foundMs = 0;
  const found = asking.then((reason) => {
    foundMs = Math.round((performance.now() - began) * 10) / 10;
    return reason;
  });
  const failure = await waitInRoom(context.waitingRoom, slot, found);
  const finalUrl = request.from?.url ?? request.url;
  if (failure) {
    const timings = { ...NO_TIMINGS, dns: foundMs, total: foundMs };
    return { ok: false, failure, timings, finalUrl };
  }
  const { timeouts } = request;
  const left = { ...timeouts, request: Math.max(1, timeouts.request - foundMs) };
  const result = await context.fetcher.fetch({ ...request, timeouts: left });
  // Timings are those of the last hop.
  if (!result.ok)
    return result.finalUrl === finalUrl ? { ...result, timings: later(result.timings, foundMs) } : result;
  const { answer } = result;
  const hops = answer.redirects - (request.from?.redirects ?? 0);
  return hops > 0 ? result : { ok: true, answer: { ...answer, timings: later(answer.timings, foundMs) } };
}

function later(timings: Timings, dnsMs: number): Timings {
  const plus = (ms: number | null) => Math.round(((ms ?? 0) + dnsMs) * 10) / 10;
  return { ...timings, dns: plus(timings.dns), total: plus(timings.total) };
}
