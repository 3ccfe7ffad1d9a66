// The links of a page: those in scope become requests of the crawl, offered in parts, the last of which rides with the page's commit.
import { failure } from '../errors.ts';
import { entryOf } from '../frontier/entry.ts';
import { BATCH, offerList } from '../frontier/offer.ts';
import { withoutSessionIds } from '../url/session-ids.ts';
import { isLookAlike, mostRepeats } from '../url/traps.ts';
import type { Station, Work } from './station.ts';

export interface Followed {
  /** The last part, for the commit. */
  links: string;
  /** How many links did not become requests, by the code of the reason. */
  leftOut: Record<string, number>;
}

export const NOTHING_FOLLOWED: Followed = Object.freeze({ links: '', leftOut: {} });

/**
 * Offers all but the last part of the links, and answers that part for the commit; null when another consumer has taken the page over
 * meanwhile. Each part is atomic and idempotent: a crash in between leaves the page open, and it is done again.
 */
export async function follow(
  station: Station,
  work: Work,
  links: readonly string[],
  from: string,
): Promise<Followed | null> {
  const { entries, leftOut } = entriesOf(work, links, from);
  const last = await offerParts(station, work, entries);
  return last === null ? null : { links: last, leftOut };
}

/** Offers all but the last part; answers that, or null when another consumer has taken the page over. */
export async function offerParts(
  station: Station,
  work: Work,
  entries: Iterable<string>,
): Promise<string | null> {
  const parent = { id: work.id, take: work.take, key: work.laneKey };
  let part: string[] = [];
  for (const entry of entries) {
    if (part.length === BATCH) {
      if (!(await offerList(station.redis, station.shard, work.crawl, part.join(''), parent))) return null;
      part = [];
    }
    part.push(entry);
  }
  return part.join('');
}

function entriesOf(
  work: Work,
  links: readonly string[],
  from: string,
): { entries: string[]; leftOut: Record<string, number> } {
  const { request, laneKey, plan } = work;
  const depth = request.depth + 1;
  const entries: string[] = [];
  const leftOut: Record<string, number> = {};
  if (plan.settings.depth !== null && depth > plan.settings.depth)
    return { entries, leftOut: { E_DEPTH: links.length } };
  for (const link of links) {
    const url = plan.settings.keepSessionIds ? link : withoutSessionIds(link);
    if (url === request.url) continue;
    const chain = isLookAlike(url, request.url) ? (request.chain ?? 0) + 1 : 0;
    const refusal = plan.scope.refuses(url, from, depth) ?? trapOf(work, url, chain);
    if (refusal) leftOut[refusal.code] = (leftOut[refusal.code] ?? 0) + 1;
    else entries.push(entryOf({ url, depth, referrer: request.url, extras: null, chain }, laneKey));
  }
  return { entries, leftOut };
}

const repeats = failure('E_PATH_REPEATS');
const endless = failure('E_CHAIN');

function trapOf({ plan }: Work, url: string, chain: number) {
  if (chain > plan.settings.maxChain) return endless;
  return mostRepeats(url) > plan.settings.maxPathRepeats ? repeats : null;
}
