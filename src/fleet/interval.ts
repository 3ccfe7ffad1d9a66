// Work that a process repeats at an interval, and leases: the right of one process of the fleet to do a piece
// of work, for a while.
import type { Fleet } from '../fleet.ts';
import { defineScript } from '../scripts.ts';

/** No lease is longer, except those that are taken for longer at once. */
const LONGEST_LEASE_MS = 30_000;

const leaseScript = defineScript({
  path: 'fleet/lua/take-lease.lua',
  key: (keys, { work }: { work: string; leaseMs: number }) => keys.lease(work),
  args: ({ work, leaseMs }) => [work, leaseMs, Math.max(leaseMs, LONGEST_LEASE_MS) + 100],
  answer: (reply) => reply === 1,
});

export interface Interval {
  /** Resolves when the current round is done. */
  stop(): Promise<void>;
}

/** Starts a round every `everyMs` milliseconds, unless the former round is still running. */
export function repeat(
  everyMs: number,
  round: () => Promise<void>,
  onError: (error: unknown) => void,
): Interval {
  let atWork: Promise<void> | null = null;
  const timer = setInterval(() => {
    atWork ??= round()
      .catch(onError)
      .finally(() => {
        atWork = null;
      });
  }, everyMs);
  return {
    async stop() {
      clearInterval(timer);
      await atWork;
    },
  };
}

/**
 * Takes the lease on `work` for `leaseMs`. Returns false when another process holds it. Nobody gives it back
 * early, so the work is done at most once in `leaseMs`. Atomic.
 */
export async function takeLease(fleet: Fleet, work: string, leaseMs: number): Promise<boolean> {
  return fleet.run(leaseScript, { work, leaseMs: Math.ceil(leaseMs) });
}

/** Renews a lease that this process holds, for `leaseMs` from now. */
export async function keepLease(fleet: Fleet, work: string, leaseMs: number): Promise<void> {
  await fleet.redis.set(fleet.keys.lease(work), '1', 'PX', Math.ceil(leaseMs));
}
