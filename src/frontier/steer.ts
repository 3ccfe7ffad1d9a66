// Steering a crawl: from one state to another in one script call, and what a cancelled one had waiting
// dropped in bounded steps.

import { DroverError } from '../errors.ts';
import type { Fleet } from '../fleet.ts';
import type { Keys } from '../keys.ts';
import { defineScript, type ScriptReply } from '../scripts.ts';

export type Steering = 'pause' | 'resume' | 'cancel';

export interface Steered {
  state: 'running' | 'paused' | 'finished' | 'cancelled';
  /** Whether this call brought the crawl into that state. */
  changed: boolean;
  /**
   * Requests in its lanes: those of the waiting that are not in the queue. Of a cancelled crawl they are
   * never fetched.
   */
  inLanes: number;
}

const ofCrawl = {
  key: (keys: Keys, crawl: string) => keys.crawl(crawl),
  args: (crawl: string) => [crawl],
};
const steerScripts = {
  pause: defineScript({ path: 'frontier/lua/pause-crawl.lua', ...ofCrawl, answer: readSteered }),
  resume: defineScript({ path: 'frontier/lua/resume-crawl.lua', ...ofCrawl, answer: readSteered }),
  cancel: defineScript({ path: 'frontier/lua/cancel-crawl.lua', ...ofCrawl, answer: readSteered }),
} as const satisfies Record<Steering, unknown>;
const dropScript = defineScript({
  path: 'frontier/lua/drop-step.lua',
  ...ofCrawl,
  answer: (left) => left === 1,
});

/** Null when there is no such crawl. */
function readSteered(reply: ScriptReply): Steered | null {
  const [state, changed, inLanes] = reply as [Steered['state'] | '', number, number];
  return state === '' ? null : { state, changed: changed === 1, inLanes };
}

/**
 * Moves a crawl from running to paused, from paused to running (finished, if nothing of it is left), from
 * either to cancelled; in any other state it stays as it is. Atomic and idempotent. Throws E_CRAWL_UNKNOWN.
 */
export async function steer(fleet: Fleet, crawl: string, steering: Steering): Promise<Steered> {
  const steered = await fleet.run(steerScripts[steering], crawl);
  if (!steered) throw new DroverError('E_CRAWL_UNKNOWN', `The name given is ${JSON.stringify(crawl)}.`);
  return steered;
}

/**
 * Drops one piece of a cancelled crawl's lanes and seen set; of any other crawl nothing. Answers whether
 * something is left, so that it is called until there is not. Atomic; a drop that was cut off goes on where
 * it was.
 */
export function dropStep(fleet: Fleet, crawl: string): Promise<boolean> {
  return fleet.run(dropScript, crawl);
}

/**
 * How many requests have left their lanes and not ended: they are in the queue, in flight, or wait for a
 * further attempt.
 */
export function countOpen(fleet: Fleet, crawl: string): Promise<number> {
  return fleet.redis.hlen(fleet.keys.open(crawl));
}
