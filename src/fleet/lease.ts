// Leases: the right of one process of the fleet to do a piece of work, for a while.
import type { Fleet } from '../fleet.ts';

/**
 * Takes the lease on `work` for `leaseMs`. Returns false when another process holds it. Nobody gives it back
 * early, so the work is done at most once in `leaseMs`. Atomic.
 */
export async function takeLease(fleet: Fleet, work: string, leaseMs: number): Promise<boolean> {
  return (await fleet.redis.set(fleet.keys.lease(work), '1', 'PX', Math.ceil(leaseMs), 'NX')) === 'OK';
}

/** Renews a lease that this process holds, for `leaseMs` from now. */
export async function keepLease(fleet: Fleet, work: string, leaseMs: number): Promise<void> {
  await fleet.redis.set(fleet.keys.lease(work), '1', 'PX', Math.ceil(leaseMs));
}
