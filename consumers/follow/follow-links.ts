// The links of a page: those in scope become requests of the crawl, offered in parts, the last of which rides with the page's commit.
import { failure } from '../../src/errors.ts';
import { entryOf } from '../../src/frontier/entry.ts';
import { BATCH, offerList } from '../../src/frontier/offer.ts';
import { limiterKeyOf } from '../../src/url/host.ts';
import { withoutSessionIds } from '../../src/url/session-ids.ts';
import { isLookAlike, mostRepeats } from '../../src/url/traps.ts';
import type { ActiveJob, ConsumerContext } from '../context.ts';

export interface Followed {
  /** The last part, for the commit. */
  links: string;
  /** How many links did not become requests, by the code of the reason. */
  leftOut: Record<string, number>;
}

/**
 * Offers all but the last part of the links, and answers that part for the commit; null when another consumer has taken the page over
 * meanwhile. Each part is atomic and idempotent: a crash in between leaves the page open, and it is done again. `from` is where the
 * request led: the scope of a seed's links, which the user named; of any other page's, its own URL decides, wherever it was redirected.
 */
export async function followLinks(
  context: ConsumerContext,
  job: ActiveJob,
  links: readonly string[],
  from: string,
  claim: number,
): Promise<Followed | null> {
  const leftOut: Record<string, number> = {};
  const page = job.request.referrer === null ? from : job.request.url;
  const last = await offerParts(context, job, linkEntries(job, links, page, leftOut), claim);
  return last === null ? null : { links: last, leftOut };
}

/** Offers all but the last part; answers that, or null when another consumer has taken the page over. */
export async function offerParts(
  context: ConsumerContext,
  job: ActiveJob,
  entries: Iterable<string>,
  claim: number,
): Promise<string | null> {
  const parent = { id: job.id, claim, key: job.laneKey };
  let part: string[] = [];
  for (const entry of entries) {
    if (part.length === BATCH) {
      if (!(await offerList(context.fleet, job.crawl, part.join(''), parent))) return null;
      part = [];
    }
    part.push(entry);
  }
  return part.join('');
}

/** Made one by one as they are offered: 100,000 at once would hold up the process. */
function* linkEntries(
  job: ActiveJob,
  links: readonly string[],
  from: string,
  leftOut: Record<string, number>,
): Generator<string> {
  const { request, laneKey, loadedCrawl } = job;
  const depth = request.depth + 1;
  const chainOf = chainsFrom(job);
  for (const link of links) {
    const url = loadedCrawl.settings.keepSessionIds ? link : withoutSessionIds(link);
    if (url === request.url) continue;
    const chain = chainOf(url);
    const refusal = loadedCrawl.scope.refuses(url, from, depth) ?? trapOf(job, url, chain);
    if (refusal) leftOut[refusal.code] = (leftOut[refusal.code] ?? 0) + 1;
    else yield entryOf({ url, depth, referrer: request.url, extras: null, chain }, laneKey);
  }
}

/** What a link adds to its page's chain. */
const LOOK_ALIKE = 2;
const NUMBERED = 1;

/**
 * How long the row of numbered pages is at whose end the link stands, summed up over the way from a seed. A link to what differs from its
 * page in digits only, or to another host, counts in full (LOOK_ALIKE); any other to a numbered page counts half, because the months of a
 * calendar without end lead to its weeks and days, and these to the next months; so no row of numbered pages goes on for ever, whatever
 * lies between. What is fewer than --max-chain links away from a seed is never at the end of one.
 */
function chainsFrom({ request }: ActiveJob): (url: string) => number {
  const chain = request.chain ?? 0;
  const key = limiterKeyOf(request.url);
  return (url) => {
    if (isLookAlike(url, request.url) || limiterKeyOf(url) !== key) return chain + LOOK_ALIKE;
    return isNumbered(url) ? chain + NUMBERED : chain;
  };
}

/** Digits of host and port are of no account. */
function isNumbered(url: string): boolean {
  return /\d/.test(url.slice(url.indexOf('/', 8)));
}

const repeats = failure('E_PATH_REPEATS');
const endless = failure('E_CHAIN');

function trapOf({ loadedCrawl }: ActiveJob, url: string, chain: number) {
  if (chain > LOOK_ALIKE * loadedCrawl.settings.maxChain) return endless;
  return mostRepeats(url) > loadedCrawl.settings.maxPathRepeats ? repeats : null;
}
