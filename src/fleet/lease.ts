// A chore that one process of the fleet does at a time, and not more often than it is due.
import type { Fleet } from '../fleet.ts';

/**
 * Takes the chore for so long; false when another has it, or it was done too short a while ago. Nobody gives it back: that is what spaces
 * the rounds.
 */
export async function takeLease(fleet: Fleet, work: string, leaseMs: number): Promise<boolean> {
  return (await fleet.redis.set(fleet.keys.lease(work), '1', 'PX', Math.ceil(leaseMs), 'NX')) === 'OK';
}

/** Still at it: nobody else begins for so long. */
export async function keepLease(fleet: Fleet, work: string, leaseMs: number): Promise<void> {
  await fleet.redis.set(fleet.keys.lease(work), '1', 'PX', Math.ceil(leaseMs));
}
