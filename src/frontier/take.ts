// Taking an open request over where nothing of it is to be fetched.
import type { Redis } from '../redis.ts';
import { runScript } from '../scripts.ts';
import { crawlKey } from './keys.ts';

/** Answers the take under which the request may be ended now; null when it has ended. Atomic. */
export async function takeOver(
  redis: Redis,
  shard: string,
  crawl: string,
  id: string,
): Promise<number | null> {
  const take = Number(await runScript(redis, 'frontier/lua/take.lua', crawlKey(shard, crawl), [id]));
  return take < 0 ? null : take;
}
