// The links of a page: those in scope become requests of the crawl, offered in parts, the last of which rides with the page's commit.
import { entryOf } from '../frontier/entry.ts';
import { BATCH, offerList } from '../frontier/offer.ts';
import type { Station, Work } from './station.ts';

/**
 * Offers all but the last part of the links, and answers that part for the commit; null when another consumer has taken the page over
 * meanwhile. Each part is atomic and idempotent: a crash in between leaves the page open, and it is done again.
 */
export async function follow(
  station: Station,
  work: Work,
  links: readonly string[],
  from: string,
): Promise<string | null> {
  const entries = entriesOf(work, links, from);
  const parent = { id: work.id, take: work.take, key: work.laneKey };
  while (entries.length > BATCH) {
    const part = entries.splice(0, BATCH).join('');
    if (!(await offerList(station.redis, station.shard, work.crawl, part, parent))) return null;
  }
  return entries.join('');
}

function entriesOf(work: Work, links: readonly string[], from: string): string[] {
  const { plan, request, laneKey } = work;
  const depth = request.depth + 1;
  if (plan.settings.depth !== null && depth > plan.settings.depth) return [];
  const entries: string[] = [];
  for (const url of links) {
    if (url === request.url || plan.scope.refuses(url, from, depth)) continue;
    entries.push(entryOf({ url, depth, referrer: request.url, extras: null }, laneKey));
  }
  return entries;
}
