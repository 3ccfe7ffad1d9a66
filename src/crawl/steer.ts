// Pausing, resuming and cancelling a crawl, as the commands and the API do it.

import { DroverError } from '../errors.ts';
import type { Fleet } from '../fleet.ts';
import { dropStep, type Steered, type Steering, steer } from '../frontier/steer.ts';
import { findCrawl, readCounts } from './crawl.ts';
import type { CrawlCounts } from './progress.ts';

export interface SteeredCrawl {
  /** As they are afterwards. */
  counts: CrawlCounts;
  /** False when it was in that state already. */
  changed: boolean;
  /** Requests in its lanes, not begun; of a cancelled crawl they are never fetched. */
  inLanes: number;
}

const wanted = { pause: 'paused', resume: 'running', cancel: 'cancelled' } as const satisfies Record<
  Steering,
  Steered['state']
>;

/**
 * Steers a crawl that is named by its name or id. What is in flight ends; of a paused crawl nothing else begins until it is resumed; of a
 * cancelled one what is in the queue is refused (E_CANCELLED), and the memory of the rest is free when this resolves: cut off in the
 * middle, it goes on when called again. Idempotent. Throws E_CRAWL_UNKNOWN, and E_CRAWL_ENDED where there is nothing to steer any more.
 */
export async function steerCrawl(fleet: Fleet, idOrName: string, steering: Steering): Promise<SteeredCrawl> {
  const crawl = await findCrawl(fleet, idOrName);
  const { state, changed, inLanes } = await steer(fleet, crawl, steering);
  if (!changed && state !== wanted[steering])
    throw new DroverError(
      'E_CRAWL_ENDED',
      `${crawl} ${state === 'cancelled' ? 'was cancelled' : 'is finished'}.`,
    );
  if (state === 'cancelled') while (await dropStep(fleet, crawl));
  return { counts: await readCounts(fleet, crawl), changed, inLanes };
}
