// Steering a crawl: from one state to another in one script call, and what a cancelled one had waiting dropped in bounded steps.

import { DroverError } from '../errors.ts';
import type { Fleet } from '../fleet.ts';
import { runScript } from '../scripts.ts';

export type Steering = 'pause' | 'resume' | 'cancel';

export interface Steered {
  state: 'running' | 'paused' | 'finished' | 'cancelled';
  /** Whether this call brought the crawl into that state. */
  changed: boolean;
  /** Requests in its lanes: those of the waiting that are not in the queue. Of a cancelled crawl they are never fetched. */
  inLanes: number;
}

/**
 * Moves a crawl from running to paused, from paused to running (finished, if nothing of it is left), from either to cancelled; in any
 * other state it stays as it is. Atomic and idempotent. Throws E_CRAWL_UNKNOWN.
 */
export async function steer(fleet: Fleet, crawl: string, steering: Steering): Promise<Steered> {
  const [state, changed, inLanes] = await call(fleet, crawl, steering);
  if (state === '') throw new DroverError('E_CRAWL_UNKNOWN', `The name given is ${JSON.stringify(crawl)}.`);
  return { state: state as Steered['state'], changed: changed === 1, inLanes };
}

/**
 * Drops one piece of a cancelled crawl's lanes and seen set; of any other crawl nothing. Answers whether something is left, so that it is
 * called until there is not. Atomic; a drop that was cut off goes on where it was.
 */
export async function dropStep(fleet: Fleet, crawl: string): Promise<boolean> {
  const [, left] = await call(fleet, crawl, 'drop');
  return left === 1;
}

/** How many requests have left their lanes and not ended: they are in the queue, in flight, or wait for a further attempt. */
export function countOpen(fleet: Fleet, crawl: string): Promise<number> {
  return fleet.redis.hlen(fleet.keys.open(crawl));
}

async function call(
  fleet: Fleet,
  crawl: string,
  action: Steering | 'drop',
): Promise<[string, number, number]> {
  const args = [fleet.namespace, crawl, action];
  const reply = await runScript(fleet.redis, 'frontier/lua/steer.lua', fleet.keys.crawl(crawl), args);
  return reply as [string, number, number];
}
