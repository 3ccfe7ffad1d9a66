// Offering requests to a crawl: as a producer, or as the links of an open page.

import { DroverError } from '../errors.ts';
import type { Fleet } from '../fleet.ts';
import type { Request } from '../request.ts';
import { runScript } from '../scripts.ts';
import { entryOf } from './entry.ts';

/** How many requests one atomic script call takes. */
export const BATCH = 500;

export interface Offered {
  added: number;
  duplicates: number;
  /** Not accepted because the crawl's --limit is reached, or --max-per-host for their host. */
  overLimit: number;
  /** Set when as many requests wait as may (--max-frontier): nothing was added, and the same batch is to be offered later. */
  full?: { waiting: number };
}

/** The links of which page, and the claim under which that page is open. */
export interface Parent {
  id: string;
  claim: number;
  key: string;
}

/**
 * Offers up to BATCH requests in one atomic, idempotent call. Answers null when `parent` is no longer open under its claim: then
 * nothing was added. Throws E_CRAWL_UNKNOWN when the crawl does not exist, E_CRAWL_ENDED to a producer when it was cancelled.
 */
export async function offer(
  fleet: Fleet,
  crawl: string,
  requests: readonly Request[],
  parent?: Parent,
): Promise<Offered | null> {
  const ownKey = parent?.key ?? '';
  const list = requests.map((request) => entryOf(request, ownKey)).join('');
  return offerList(fleet, crawl, list, parent);
}

/** The same for a list that entryOf made already, with the parent's key as own key. */
export async function offerList(
  fleet: Fleet,
  crawl: string,
  list: string,
  parent?: Parent,
): Promise<Offered | null> {
  const args = [fleet.namespace, crawl, parent?.id ?? '', parent?.claim ?? 0, parent?.key ?? '', list];
  const reply = (await runScript(
    fleet.redis,
    'frontier/lua/offer.lua',
    fleet.keys.crawl(crawl),
    args,
  )) as number[];
  const [state, added = 0, duplicates = 0, overLimit = 0, hostFull = 0] = reply;
  if (state === -1) throw new DroverError('E_CRAWL_UNKNOWN', `${crawl} does not exist.`);
  if (state === -3) throw new DroverError('E_CRAWL_ENDED', `${crawl} was cancelled.`);
  if (state === -2) return { added: 0, duplicates: 0, overLimit: 0, full: { waiting: added } };
  return state === 0 ? null : { added, duplicates, overLimit: overLimit + hostFull };
}
