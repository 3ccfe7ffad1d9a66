// The links of a page. Those in scope become requests of the crawl. They are offered in parts; the last part
// goes with the page's commit.
import { failure } from '../../src/errors.ts';
import type { Fleet } from '../../src/fleet.ts';
import { packBatchEntry } from '../../src/frontier/entry.ts';
import { BATCH, type Offered, offerList } from '../../src/frontier/offer.ts';
import { withKeyInId } from '../../src/frontier/own-key.ts';
import type { RequestExtras, RequestInput } from '../../src/request.ts';
import { limiterKeyOf } from '../../src/url/host.ts';
import { withoutSessionIds } from '../../src/url/session-ids.ts';
import { isLookAlike, mostRepeats } from '../../src/url/traps.ts';
import type { ActiveJob, ConsumerContext } from '../context.ts';
import { PrivateLinks } from './private-links.ts';

export interface Followed {
  /** The last part, for the commit. */
  links: string;
  /** How many links did not become requests, by the code of the reason. */
  leftOut: Record<string, number>;
  /** Those of `links` that other pages need not offer again once they are committed (known-links.ts). */
  fresh?: readonly string[];
}

/** What leads on from a page: its own links, and what a handler enqueued. All URLs are normalised. */
export interface PageLinks {
  links: readonly string[];
  requests?: readonly RequestInput[];
  /** What the page needs to be shown. */
  requisites?: readonly string[];
  from: string;
}

/**
 * Offers all links except the last part, and returns that part for the commit. Returns null when another
 * consumer has taken the page over. Each part is atomic and idempotent: after a crash the page is still open
 * and is done again. `from` is where the request led. It decides the scope of a seed's links, because the
 * user named the seed. For any other page its own URL decides, even if it was redirected. `isEndless`: no
 * numbered page is followed from here (alike-pages.ts).
 *
 * What a handler enqueued goes first: if a link has the same URL, the request with the label is the one that
 * counts.
 */
export async function followLinks(
  context: ConsumerContext,
  job: ActiveJob,
  { links, requests = [], requisites = [], from }: PageLinks,
  claim: number,
  isEndless = false,
): Promise<Followed | null> {
  const leftOut: Record<string, number> = {};
  const page = job.request.referrer === null ? from : job.request.url;
  const privateLinks = new PrivateLinks(job);
  const known = knownFrom(context, job, page, isEndless);
  const entries = linkEntries(
    context.fleet,
    job,
    { links, requests, requisites, from: page },
    { leftOut, privateLinks, isEndless, known },
  );
  let isLimited = false;
  const last = await offerParts(context, job, entries, claim, ({ overLimit }) => {
    isLimited ||= overLimit > 0;
  });
  if (last === null) return null;
  const fresh = isLimited ? [] : (known?.fresh ?? []);
  return { links: last + (await privateLinks.allowed(context, leftOut)), leftOut, fresh };
}

/** What a page needs of the known links, and gives to them. */
interface KnownHere {
  /** Whether the page may pass over the link. */
  has(url: string): boolean;
  /** Notes a link that is offered, if the next pages may pass over it. */
  note(url: string): void;
  fresh: readonly string[];
}

/** Most links of one page that are remembered. */
const MOST_FRESH = 2 * BATCH;

/**
 * Null when each link of the page must be looked at, because depth, chain or a redirect to another origin may
 * matter: so what is left out is counted as if no link were known.
 */
function knownFrom(
  { knownLinks }: ConsumerContext,
  { request, loadedCrawl }: ActiveJob,
  from: string,
  isEndless: boolean,
): KnownHere | null {
  const { depth, maxChain } = loadedCrawl.settings;
  if (isEndless || (depth !== null && request.depth >= depth)) return null;
  if ((request.chain ?? 0) + LOOK_ALIKE > LOOK_ALIKE * maxChain) return null;
  const origin = request.url.slice(0, request.url.indexOf('/', 8) + 1);
  if (!from.startsWith(origin)) return null;
  const fresh: string[] = [];
  return {
    has: (url) => url.startsWith(origin) && knownLinks.has(loadedCrawl, url),
    note(url) {
      if (url.startsWith(origin) && fresh.length < MOST_FRESH) fresh.push(url);
    },
    fresh,
  };
}

/**
 * Offers all except the last part and returns that. Returns null when another consumer has taken the page
 * over. `onOffered` hears what became of each part that was offered.
 */
export async function offerParts(
  context: ConsumerContext,
  job: ActiveJob,
  entries: Iterable<string>,
  claim: number,
  onOffered: (offered: Offered) => void = () => undefined,
): Promise<string | null> {
  const parent = { id: job.id, claim, key: job.laneKey };
  let part: string[] = [];
  for (const entry of entries) {
    if (part.length === BATCH) {
      const offered = await offerList(context.fleet, job.crawl, part.join(''), parent);
      if (!offered) return null;
      onOffered(offered);
      part = [];
    }
    part.push(entry);
  }
  return part.join('');
}

interface LinkNotes {
  leftOut: Record<string, number>;
  privateLinks: PrivateLinks;
  /** The page is one of very many that are alike: the chain of numbered pages ends here. */
  isEndless: boolean;
  known: KnownHere | null;
}

/** A generator, because 100,000 entries at once would block the process. */
function* linkEntries(
  fleet: Fleet,
  job: ActiveJob,
  { links, requests = [], requisites = [], from }: PageLinks,
  { leftOut, privateLinks, isEndless, known }: LinkNotes,
): Generator<string> {
  const { request, laneKey, loadedCrawl } = job;
  const below = request.depth + 1;
  const chainOf = chainsFrom(job);
  const entryOf = (link: string, depth: number, extras: RequestExtras | null): string | null => {
    const url = loadedCrawl.settings.keepSessionIds ? link : withoutSessionIds(link);
    if (url === request.url && !extras?.method && !extras?.body) return null;
    const outside = loadedCrawl.scope.refuses(url, from, depth);
    if (outside && extras === null && loadedCrawl.scope.checks(url, from)) {
      const check = () => packBatchEntry({ url, depth, referrer: request.url, extras: CHECK }, laneKey);
      return privateLinks.holdsBack(url, check) ? null : check();
    }
    const chain = outside ? 0 : chainOf(url);
    const isLast = isEndless && chain > (request.chain ?? 0);
    const refusal = outside ?? (isLast ? alike : trapOf(job, url, chain));
    const kept = inSession(request, extras);
    const found = { url, depth, referrer: request.url, extras: kept, chain };
    const pack = () => packBatchEntry(withKeyInId(fleet, found), laneKey);
    if (!refusal) {
      if (privateLinks.holdsBack(url, pack)) return null;
      if (extras === null) known?.note(url);
      return pack();
    }
    leftOut[refusal.code] = (leftOut[refusal.code] ?? 0) + 1;
    return null;
  };
  for (const { url, depth = below, ...extras } of requests) {
    const entry = entryOf(url, depth, Object.keys(extras).length > 0 ? extras : null);
    if (entry !== null) yield entry;
  }
  for (const url of links) {
    if (known?.has(url)) continue;
    const entry = entryOf(url, below, null);
    if (entry !== null) yield entry;
  }
  yield* requisiteEntries(job, requisites, { leftOut, privateLinks });
}

/**
 * A page that is fetched is fetched with what it needs: at its own depth, at whatever host, in the scope of
 * --exclude alone. How deep style sheets lead is bounded, so nothing of it is a trap.
 */
function* requisiteEntries(
  { request, laneKey, loadedCrawl }: ActiveJob,
  requisites: readonly string[],
  { leftOut, privateLinks }: Pick<LinkNotes, 'leftOut' | 'privateLinks'>,
): Generator<string> {
  const extras = inSession(request, { requisite: (request.extras?.requisite ?? 0) + 1 });
  const { url: referrer, depth, chain } = request;
  for (const url of requisites) {
    const refusal = loadedCrawl.scope.refusesRequisite(url);
    const pack = () => packBatchEntry({ url, depth, referrer, extras, ...(chain ? { chain } : {}) }, laneKey);
    if (refusal) leftOut[refusal.code] = (leftOut[refusal.code] ?? 0) + 1;
    else if (!privateLinks.holdsBack(url, pack)) yield pack();
  }
}

/** What is found in a session that its request names is fetched in it too. */
export function inSession({ extras }: ActiveJob['request'], own: RequestExtras | null): RequestExtras | null {
  return extras?.session === undefined ? own : { session: extras.session, ...own };
}

/** Asked for with HEAD, it is another request than the page: if the crawl comes to that, it is followed. */
const CHECK: RequestExtras = Object.freeze({ method: 'HEAD', checkOnly: true });

/** What a look-alike link adds to the chain of its page. */
const LOOK_ALIKE = 2;
const NUMBERED = 1;

/**
 * How long the chain of numbered pages is at whose end the link stands, counted over the whole path from a
 * seed. A link counts in full (LOOK_ALIKE) when it differs from its page only in digits, or leads to another
 * host. Any other link to a numbered page counts half: the months of an endless calendar lead to its weeks
 * and days, and these to the next months. So no chain of numbered pages goes on for ever, whatever stands
 * between them. A page fewer than --max-chain links away from a seed never ends a chain.
 */
function chainsFrom({ request }: ActiveJob): (url: string) => number {
  const chain = request.chain ?? 0;
  const key = limiterKeyOf(request.url);
  return (url) => {
    if (isLookAlike(url, request.url) || limiterKeyOf(url) !== key) return chain + LOOK_ALIKE;
    return isNumbered(url) ? chain + NUMBERED : chain;
  };
}

/** Digits in the host and port do not count. */
function isNumbered(url: string): boolean {
  return /\d/.test(url.slice(url.indexOf('/', 8)));
}

const repeats = failure('E_PATH_REPEATS');
const endless = failure('E_CHAIN');
const alike = failure('E_ALIKE');

function trapOf({ loadedCrawl }: ActiveJob, url: string, chain: number) {
  if (chain > LOOK_ALIKE * loadedCrawl.settings.maxChain) return endless;
  return mostRepeats(url) > loadedCrawl.settings.maxPathRepeats ? repeats : null;
}
