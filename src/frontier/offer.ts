// Offers requests to a crawl: as a producer, or as the links of an open page.

import { DroverError } from '../errors.ts';
import type { Fleet } from '../fleet.ts';
import type { Request } from '../request.ts';
import { defineScript, oneOf, type ScriptReply } from '../scripts.ts';
import { packBatchEntry } from './entry.ts';
import { packSeeds } from './seed-block.ts';

/** How many requests one atomic script call takes. */
export const BATCH = 500;

export interface Offered {
  added: number;
  duplicates: number;
  /** Not accepted because of the crawl's --limit, or of --max-per-host for their host. */
  overLimit: number;
  /**
   * Present when as many requests wait as are allowed (--max-frontier). Then nothing was added, and the same
   * batch must be offered again later.
   */
  full?: { waiting: number };
}

/** The page whose links are offered, and the claim under which it is open. */
export interface Parent {
  id: string;
  claim: number;
  key: string;
}

type OfferReply =
  | { kind: 'offered'; added: number; duplicates: number; overLimit: number; overHostLimit: number }
  | { kind: 'full'; waiting: number }
  | { kind: 'parent-gone' | 'cancelled' | 'unknown' };
const kindOf = oneOf<OfferReply['kind']>('offered', 'full', 'parent-gone', 'cancelled', 'unknown');

interface Offer {
  crawl: string;
  list: string;
  parent: Parent | undefined;
  /** Seeds to keep. */
  block: Buffer | string;
}

const offerScript = defineScript({
  path: 'frontier/lua/offer.lua',
  isAcknowledged: true,
  key: (keys, { crawl }) => keys.crawl(crawl),
  args: ({ crawl, list, parent, block }: Offer) => [
    crawl,
    parent?.id ?? '',
    parent?.claim ?? '',
    parent?.key ?? '',
    list,
    block,
  ],
  answer: readOffered,
});

function readOffered(reply: ScriptReply): OfferReply {
  const [word, ...counts] = reply as [string, ...number[]];
  const kind = kindOf(word);
  if (kind === 'full') return { kind, waiting: counts[0] ?? 0 };
  if (kind !== 'offered') return { kind };
  const [added = 0, duplicates = 0, overLimit = 0, overHostLimit = 0] = counts;
  return { kind, added, duplicates, overLimit, overHostLimit };
}

/**
 * Offers up to BATCH requests in one atomic, idempotent call. Returns null when `parent` is no longer open
 * under its claim; then nothing was added. Throws E_CRAWL_UNKNOWN when the crawl does not exist, and, for a
 * producer, E_CRAWL_ENDED when it was cancelled.
 */
export async function offer(
  fleet: Fleet,
  crawl: string,
  requests: readonly Request[],
  parent?: Parent,
): Promise<Offered | null> {
  return offerList(fleet, crawl, listOf(requests, parent?.key), parent);
}

/**
 * The same as a producer. Of the requests, `seeds` are kept with those that the crawl keeps already
 * (--keep-seeds), if any request of the batch is added: atomically with it. Returns a function that offers
 * the batch and may be called again.
 */
export function seedOffer(
  fleet: Fleet,
  crawl: string,
  requests: readonly Request[],
  seeds: readonly Request[],
): () => Promise<Offered | null> {
  const [list, block] = [listOf(requests), packSeeds(seeds)];
  return () => send(fleet, { crawl, list, parent: undefined, block });
}

function listOf(requests: readonly Request[], ownKey = ''): string {
  return requests.map((request) => packBatchEntry(request, ownKey)).join('');
}

/** The same for a list that packBatchEntry has packed already, with the parent's key as own key. */
export function offerList(
  fleet: Fleet,
  crawl: string,
  list: string,
  parent?: Parent,
): Promise<Offered | null> {
  return send(fleet, { crawl, list, parent, block: '' });
}

async function send(fleet: Fleet, given: Offer): Promise<Offered | null> {
  const { crawl } = given;
  const reply = await fleet.run(offerScript, given);
  switch (reply.kind) {
    case 'offered': {
      const { added, duplicates, overLimit, overHostLimit } = reply;
      return { added, duplicates, overLimit: overLimit + overHostLimit };
    }
    case 'full':
      return { added: 0, duplicates: 0, overLimit: 0, full: { waiting: reply.waiting } };
    case 'parent-gone':
      return null;
    case 'cancelled':
      throw new DroverError('E_CRAWL_ENDED', `${crawl} was cancelled.`);
    case 'unknown':
      throw new DroverError('E_CRAWL_UNKNOWN', `${crawl} does not exist.`);
    default:
      return reply satisfies never;
  }
}
