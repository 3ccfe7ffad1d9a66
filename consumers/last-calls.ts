// How long a consumer that stops waits for Redis: for its grace while something is in flight, else only while
// Redis answers.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from '../src/redis.ts';

/** The time for the last Redis calls after the grace period. */
const LAST_MS = 3000;
/** A Redis that does not answer a PING within this time counts as away. */
const ANSWER_MS = 1000;
const LOOK_MS = 100;

/**
 * Resolves when the stop is done, when its time is over, or when nothing is in flight and Redis does not
 * answer: then nobody can be told anything, and another consumer gets the jobs in hand when their locks have
 * run out.
 */
export async function withinGrace(
  stopped: Promise<void>,
  { graceMs, redis, inFlight }: { graceMs: number; redis: Redis; inFlight: () => number },
): Promise<void> {
  let isDone = false;
  const done = stopped.finally(() => {
    isDone = true;
  });
  const pointless = async () => {
    while (!isDone && (inFlight() > 0 || (await isAnswering(redis)))) {
      await sleep(LOOK_MS, undefined, { ref: false });
    }
  };
  await Promise.race([done, sleep(graceMs + LAST_MS, undefined, { ref: false }), pointless()]);
}

function isAnswering(redis: Redis): Promise<boolean> {
  const late = sleep(ANSWER_MS, false, { ref: false });
  return Promise.race([
    late,
    redis.ping().then(
      () => true,
      () => false,
    ),
  ]);
}
