// Taking an open request over where nothing of it is to be fetched.
import type { Fleet } from '../fleet.ts';
import { runScript } from '../scripts.ts';

/** Answers the claim under which the request may be ended now; null when it has ended. Atomic. */
export async function claimRequest(fleet: Fleet, crawl: string, id: string): Promise<number | null> {
  const claim = Number(await runScript(fleet.redis, 'frontier/lua/claim.lua', fleet.keys.crawl(crawl), [id]));
  return claim < 0 ? null : claim;
}
