// The limit of a crawl with parts on several shards (--limit), held exactly: each part parks what is found
// beyond what home has granted it, and asks home for as many more.
import { type Fleet, homeOfShard } from '../../fleet.ts';
import { defineScript } from '../../scripts.ts';

interface Ask {
  crawl: string;
  shard: number;
  granted: number;
  parked: number;
}

interface Grant {
  crawl: string;
  granted: number;
  /** Nothing of the limit is left. */
  isSpent: boolean;
}

const grantScript = defineScript({
  path: 'frontier/shards/lua/grant.lua',
  isAcknowledged: true,
  key: (keys, { crawl }) => keys.crawl(crawl),
  args: ({ crawl, shard, granted, parked }: Ask) => [crawl, shard, granted, parked],
  answer: (reply, { crawl }): Grant => {
    const [granted, spent] = reply as [number, number];
    return { crawl, granted, isSpent: spent === 1 };
  },
});

const applyScript = defineScript({
  path: 'frontier/shards/lua/apply-grant.lua',
  isAcknowledged: true,
  key: (keys, { crawl }) => keys.crawl(crawl),
  args: ({ crawl, granted, isSpent }: Grant) => [crawl, granted, isSpent ? 1 : 0],
  answer: (reply): Settled => {
    const [accepted, dropped, parked] = reply as [number, number, number];
    return { accepted, dropped, parked };
  },
});

export interface Settled {
  accepted: number;
  /** They are over the limit. */
  dropped: number;
  parked: number;
}

/**
 * Brings what a part of a crawl has parked into its lanes, as far as the limit of the crawl lasts, and drops
 * the rest. Each step is atomic and can be repeated, so that it may be called by several processes at once,
 * and again after a crash.
 */
export async function settleParked(fleet: Fleet, crawl: string): Promise<Omit<Settled, 'parked'>> {
  const sum = { accepted: 0, dropped: 0 };
  for (;;) {
    const [granted, parked] = await fleet.redis.hmget(fleet.keys.crawl(crawl), 'granted', 'parked');
    if (!parked || parked === '0') return sum;
    const grant = await homeOfShard(fleet).run(grantScript, {
      ...{ crawl, shard: fleet.shard, granted: Number(granted ?? 0), parked: Number(parked) },
    });
    const settled = await fleet.run(applyScript, grant);
    sum.accepted += settled.accepted;
    sum.dropped += settled.dropped;
    if (settled.parked === 0) return sum;
  }
}
