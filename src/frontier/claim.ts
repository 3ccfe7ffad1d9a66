// Takes over an open request of which nothing is to be fetched.
import type { Fleet } from '../fleet.ts';
import { defineScript } from '../scripts.ts';

const claimScript = defineScript({
  path: 'frontier/lua/claim.lua',
  key: (keys, { crawl }) => keys.crawl(crawl),
  args: ({ crawl, id }: { crawl: string; id: string }) => [crawl, id],
  answer: (claim) => claim as number | null,
});

/** Returns the claim that can now end the request; null when the request has ended. Atomic. */
export function claimRequest(fleet: Fleet, crawl: string, id: string): Promise<number | null> {
  return fleet.run(claimScript, { crawl, id });
}
