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
  granted: number;
  /** Nothing of the limit is left. */
  isFull: boolean;
}

const grantScript = defineScript({
  path: 'frontier/shards/lua/grant.lua',
  isAcknowledged: true,
  key: (keys, { crawl }) => keys.crawl(crawl),
  args: ({ crawl, shard, granted, parked }: Ask) => [crawl, shard, granted, parked],
  answer: (reply): Grant | null => {
    if (reply === null) return null;
    const [granted, full] = reply as [number, number];
    return { granted, isFull: full === 1 };
  },
});

const applyScript = defineScript({
  path: 'frontier/shards/lua/apply-grant.lua',
  isAcknowledged: true,
  key: (keys, { crawl }) => keys.crawl(crawl),
  args: ({ crawl, granted, isFull, areLinks }: Grant & { crawl: string; areLinks: boolean }) => [
    ...[crawl, granted, isFull ? 1 : 0, areLinks ? 1 : 0],
  ],
  answer: (reply): Settled => {
    const [accepted, dropped, parked] = reply as [number, number, number];
    return { accepted, dropped, parked };
  },
});

const countScript = defineScript({
  path: 'frontier/shards/lua/count-granted.lua',
  isAcknowledged: true,
  key: (keys, { crawl }) => keys.crawl(crawl),
  args: ({ crawl, granted }: { crawl: string; granted: readonly number[] }) => [
    ...[crawl, ...granted.flatMap((number, shard) => [shard, number])],
  ],
  answer: () => undefined,
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
 * and again after a crash. `areLinks`: those that are dropped count as links that were left out. Nothing
 * happens while home cannot grant (countGranted).
 */
export async function settleParked(
  fleet: Fleet,
  crawl: string,
  areLinks = true,
): Promise<Omit<Settled, 'parked'>> {
  const sum = { accepted: 0, dropped: 0 };
  for (;;) {
    const [granted, parked] = await fleet.redis.hmget(fleet.keys.crawl(crawl), 'granted', 'parked');
    if (!parked || parked === '0') return sum;
    const grant = await homeOfShard(fleet).run(grantScript, {
      ...{ crawl, shard: fleet.shard, granted: Number(granted ?? 0), parked: Number(parked) },
    });
    if (grant === null) return sum;
    const settled = await fleet.run(applyScript, { ...grant, crawl, areLinks });
    sum.accepted += settled.accepted;
    sum.dropped += settled.dropped;
    if (settled.parked === 0) return sum;
  }
}

/**
 * Tells home what each part of a crawl that has a limit has been granted, as they know themselves. Home needs
 * it before it can grant when the crawl got its limit only after it had accepted something. Idempotent.
 */
export function countGranted(home: Fleet, crawl: string, granted: readonly number[]): Promise<void> {
  return home.run(countScript, { crawl, granted });
}
