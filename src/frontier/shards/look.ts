// Tells, for explanations, whether a request is between shards. It changes nothing.
import type { Fleet } from '../../fleet.ts';
import { signedDecimal } from '../../url/fingerprint.ts';

const GS = '\x1d';
/** Most entries that are searched for one request. */
const MOST = 1000;

/** Whether the request waits on its shard until the limit of the crawl has room for it, or is spent. */
export async function isParked({ redis, keys, shards }: Fleet, crawl: string, id: string): Promise<boolean> {
  if (shards.length === 1) return false;
  const wanted = signedDecimal(id);
  const parked = await redis.lrange(keys.parked(crawl), 0, MOST - 1);
  return parked.some((entry) => entry.split(GS, 3)[2] === wanted);
}

/** Whether a page of another shard leads to the request, and the link has not arrived on this one yet. */
export async function isInOutbox({ shard, shards }: Fleet, crawl: string, id: string): Promise<boolean> {
  const start = `${signedDecimal(id)}${GS}`;
  const found = await Promise.all(
    shards.map(async ({ redis, keys, shard: from }) => {
      if (from === shard) return false;
      const entries = await redis.xrange(keys.linksOut(shard), '-', '+', 'COUNT', MOST);
      return entries.some(([, fields]) => fields[1] === crawl && `\x1e${fields[3]}`.includes(`\x1e${start}`));
    }),
  );
  return found.includes(true);
}
