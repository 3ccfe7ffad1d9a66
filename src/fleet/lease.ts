// A chore that one process of the fleet does at a time, and not more often than it is due.
import type { Redis } from '../redis.ts';

/**
 * Takes the chore for so long; false when another has it, or it was done too short a while ago. Nobody gives it back: that is what spaces
 * the rounds.
 */
export async function takeChore(
  redis: Redis,
  shard: string,
  chore: string,
  leaseMs: number,
): Promise<boolean> {
  return (await redis.set(`${shard}:chore:${chore}`, '1', 'PX', Math.ceil(leaseMs), 'NX')) === 'OK';
}

/** Still at it: nobody else begins for so long. */
export async function keepChore(redis: Redis, shard: string, chore: string, leaseMs: number): Promise<void> {
  await redis.set(`${shard}:chore:${chore}`, '1', 'PX', Math.ceil(leaseMs));
}
