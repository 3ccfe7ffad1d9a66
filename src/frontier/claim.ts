// Taking an open request over where nothing of it is to be fetched.
import type { Redis } from '../redis.ts';
import { runScript } from '../scripts.ts';
import { crawlKey } from './keys.ts';

/** Answers the claim under which the request may be ended now; null when it has ended. Atomic. */
export async function claimRequest(
  redis: Redis,
  namespace: string,
  crawl: string,
  id: string,
): Promise<number | null> {
  const claim = Number(await runScript(redis, 'frontier/lua/claim.lua', crawlKey(namespace, crawl), [id]));
  return claim < 0 ? null : claim;
}
