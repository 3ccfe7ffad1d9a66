// Consumers follow the clock of Redis. BullMQ writes and compares the times of delayed jobs by Date.now() of
// each process, so a machine whose clock is wrong would make its retries due at a wrong time for all others,
// and take theirs too early.
import type { Redis } from '../redis.ts';

/** Smaller differences do no harm: waits of this length are not kept more exactly anyway. */
const HARMLESS_MS = 2000;

const machineNow = Date.now;
let aheadMs = 0;

/**
 * By how much the clock of Redis is ahead of this machine's, in milliseconds; negative when it is behind. Off
 * by at most half of the call's duration.
 */
export async function clockDifference(redis: Redis): Promise<number> {
  const before = machineNow();
  const [seconds = 0, microseconds = 0] = (await redis.time()).map(Number);
  return Math.round(seconds * 1000 + microseconds / 1000 - (before + machineNow()) / 2);
}

/**
 * From now on, Date.now() of this process gives the time of Redis, if the two clocks differ by more than two
 * seconds. To be called again now and then. Returns what to tell the operator, null while nothing changes.
 */
export async function followRedisClock(redis: Redis): Promise<string | null> {
  const difference = await clockDifference(redis);
  const wanted = Math.abs(difference) > HARMLESS_MS ? difference : 0;
  if (Math.abs(wanted - aheadMs) < HARMLESS_MS / 2) return null;
  aheadMs = wanted;
  Date.now = wanted === 0 ? machineNow : () => machineNow() + wanted;
  const seconds = Math.round(Math.abs(difference) / 1000);
  if (wanted === 0) return 'the clocks of this machine and of Redis agree again';
  return (
    `the clock of this machine is ${seconds} s ${difference < 0 ? 'ahead of' : 'behind'} that of Redis, ` +
    'which is followed; set both by a time server'
  );
}
