// Steers a crawl: one script call moves it from one state to another. What a cancelled crawl had waiting is
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
   * Requests in its lanes, which means: waiting, but not in the queue. For a cancelled crawl, these are never
   * fetched.
   */
  inLanes: number;
}

const ofCrawl = {
  key: (keys: Keys, crawl: string) => keys.crawl(crawl),
  args: (crawl: string) => [crawl],
  isAcknowledged: true as const,
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
 * Moves a crawl from running to paused, from paused to running (or to finished, when nothing of it is
 * left), or from either to cancelled. In any other state it stays as it is. Atomic and idempotent; the
 * parts on other shards follow home, at the latest when consumers compare them (src/crawl/shards/end.ts).
 * Throws E_CRAWL_UNKNOWN.
 */
export async function steer(fleet: Fleet, crawl: string, steering: Steering): Promise<Steered> {
  const steered = await steerPart(fleet, crawl, steering);
  if (!steered) throw new DroverError('E_CRAWL_UNKNOWN', `The name given is ${JSON.stringify(crawl)}.`);
  const others = fleet.shards.slice(1);
  const parts = await Promise.all(others.map((shard) => steerPart(shard, crawl, steering)));
  return { ...steered, inLanes: parts.reduce((sum, part) => sum + (part?.inLanes ?? 0), steered.inLanes) };
}

/** The same of the part on one shard; null when there is none. */
export function steerPart(shard: Fleet, crawl: string, steering: Steering): Promise<Steered | null> {
  return shard.run(steerScripts[steering], crawl);
}

/**
 * Drops one piece of the lanes and the seen set of a cancelled crawl; nothing of any other crawl. Returns
 * whether something is left: call it until nothing is. Atomic on each shard. When a process dies between two
 * steps, the next call goes on from there.
 */
export async function dropStep(fleet: Fleet, crawl: string): Promise<boolean> {
  const left = await Promise.all(fleet.shards.map((shard) => shard.run(dropScript, crawl)));
  return left.includes(true);
}

/**
 * How many requests have left their lanes and not ended: they are in the queue, in flight, or wait for a
 * further attempt.
 */
export async function countOpen({ shards }: Fleet, crawl: string): Promise<number> {
  const counts = await Promise.all(shards.map(({ redis, keys }) => redis.hlen(keys.open(crawl))));
  return counts.reduce((sum, count) => sum + count, 0);
}
