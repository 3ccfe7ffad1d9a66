// Pauses, resumes and cancels a crawl, for the commands and the API.

import { DroverError } from '../errors.ts';
import type { Fleet } from '../fleet.ts';
import { dropStep, type Steered, type Steering, steer } from '../frontier/steer.ts';
import { findCrawl, readCounts } from './crawl.ts';
import type { CrawlCounts } from './progress.ts';

export interface SteeredCrawl {
  /** The counters after the change. */
  counts: CrawlCounts;
  /** False when the crawl was in that state before. */
  changed: boolean;
  /** Requests in the crawl's lanes that have not begun. Those of a cancelled crawl are never fetched. */
  inLanes: number;
}

const wanted = { pause: 'paused', resume: 'running', cancel: 'cancelled' } as const satisfies Record<
  Steering,
  Steered['state']
>;

/**
 * Pauses, resumes or cancels a crawl, given by name or id. Fetches in flight are completed. In a paused crawl
 * no other fetch starts until it is resumed. In a cancelled crawl, requests in the queue are refused
 * (E_CANCELLED), and the memory of all other waiting requests is free when this resolves; if it is
 * interrupted before, calling it again continues. Idempotent. Throws E_CRAWL_UNKNOWN, and E_CRAWL_ENDED for a
 * crawl that has ended.
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
