// Offers requests to a crawl: as a producer, or as the links of an open page.

import { DroverError } from '../errors.ts';
import { type Fleet, shardOf } from '../fleet.ts';
import type { Request } from '../request.ts';
import { defineScript, oneOf, type ScriptReply } from '../scripts.ts';
import { limiterKeyOfRequest, packBatchEntry } from './entry.ts';
import { withKeyInId } from './own-key.ts';
import { packSeeds } from './seed-block.ts';
import { settleParked } from './shards/grants.ts';
import { carryLinks, linksSent, splitLinks } from './shards/links-out.ts';

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
  | {
      kind: 'offered';
      added: number;
      duplicates: number;
      overLimit: number;
      overHostLimit: number;
      parked: number;
      /** The links that went to the outbox. */
      sent: readonly ScriptReply[];
    }
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
  const [word, ...values] = reply as ScriptReply[];
  const kind = kindOf(word);
  if (kind === 'full') return { kind, waiting: Number(values[0]) };
  if (kind !== 'offered') return { kind };
  const [added = 0, duplicates = 0, overLimit = 0, overHostLimit = 0, parked = 0] = values.map(Number);
  return { kind, added, duplicates, overLimit, overHostLimit, parked, sent: values.slice(5) };
}

/**
 * Offers up to BATCH requests; those of each shard in one atomic, idempotent call. Returns null when `parent`
 * is no longer open under its claim; then nothing was added. With a parent, `fleet` is its shard. Throws
 * E_CRAWL_UNKNOWN when the crawl does not exist, and, for a producer, E_CRAWL_ENDED when it was cancelled.
 */
export async function offer(
  fleet: Fleet,
  crawl: string,
  requests: readonly Request[],
  parent?: Parent,
): Promise<Offered | null> {
  return parent
    ? offerList(fleet, crawl, listOf(fleet, requests, parent.key), parent)
    : seedOffer(fleet, crawl, requests, [])();
}

/**
 * The same as a producer. Of the requests, `seeds` are kept with those that the crawl keeps already
 * (--keep-seeds), if any request of the batch is added: atomically with it. Returns a function that offers
 * the batch and may be called again while it was not taken whole.
 */
export function seedOffer(
  fleet: Fleet,
  crawl: string,
  requests: readonly Request[],
  seeds: readonly Request[],
): () => Promise<Offered | null> {
  let left = byShard(fleet, requests, seeds).map((part) => ({
    shard: part.shard,
    given: { crawl, list: listOf(fleet, part.requests), parent: undefined, block: packSeeds(part.seeds) },
  }));
  const sum = { added: 0, duplicates: 0, overLimit: 0 };
  return async () => {
    const answers = await Promise.all(left.map(({ shard, given }) => send(shard, given)));
    const isFull = (index: number) => answers[index]?.full !== undefined;
    for (const offered of answers) {
      if (!offered || offered.full) continue;
      sum.added += offered.added;
      sum.duplicates += offered.duplicates;
      sum.overLimit += offered.overLimit;
    }
    left = left.filter((_, index) => isFull(index));
    const waiting = answers.reduce((most, offered) => Math.max(most, offered?.full?.waiting ?? 0), 0);
    return left.length > 0 ? { ...sum, full: { waiting } } : sum;
  };
}

/** What belongs to each shard. */
function byShard(
  fleet: Fleet,
  requests: readonly Request[],
  seeds: readonly Request[],
): { shard: Fleet; requests: readonly Request[]; seeds: readonly Request[] }[] {
  if (fleet.shards.length === 1) return [{ shard: fleet, requests, seeds }];
  const of = (list: readonly Request[]) =>
    Map.groupBy(list, (request) => shardOf(fleet, limiterKeyOfRequest(request)));
  const kept = of(seeds);
  return [...of(requests)].map(([shard, own]) => ({ shard, requests: own, seeds: kept.get(shard) ?? [] }));
}

function listOf(fleet: Fleet, requests: readonly Request[], ownKey = ''): string {
  return requests.map((request) => packBatchEntry(withKeyInId(fleet, request), ownKey)).join('');
}

/**
 * Offers links of an open page that packBatchEntry has packed already, with the parent's key as own key.
 * `fleet` is the shard of the page; those of other shards go there by its outbox.
 */
export function offerList(
  fleet: Fleet,
  crawl: string,
  list: string,
  parent?: Parent,
): Promise<Offered | null> {
  return send(fleet, { crawl, list: splitLinks(fleet, list), parent, block: '' });
}

async function send(fleet: Fleet, given: Offer): Promise<Offered | null> {
  const { crawl } = given;
  const reply = await fleet.run(offerScript, given);
  switch (reply.kind) {
    case 'offered': {
      const { added, duplicates, overLimit, overHostLimit, parked, sent } = reply;
      const offered = { added, duplicates, overLimit: overLimit + overHostLimit };
      if (sent.length > 0) await carryLinks(fleet, linksSent(crawl, [given.list], sent));
      if (parked === 0) return offered;
      const settled = await settleParked(fleet, crawl, given.parent !== undefined);
      return {
        ...{ duplicates, added: added + settled.accepted, overLimit: offered.overLimit + settled.dropped },
      };
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
