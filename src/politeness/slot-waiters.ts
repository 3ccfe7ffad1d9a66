// Requests of this process that wait for a slot of their key: one that is passed on here, or one that came
// free elsewhere.

export interface SlotWaiters {
  /** Counts the slots of the key that this process holds: one more (1) or one fewer (-1). */
  held(key: string, change: 1 | -1): void;
  /** Whether this process holds a slot of the key. */
  holds(key: string): boolean;
  /** Hands the slot to the first that waits for the key. False when none waits. */
  give(key: string, holder: string): boolean;
  /**
   * A slot of the key came free in the fleet. The first waiter that has asked the gate stops waiting and asks
   * again.
   */
  wake(key: string): void;
  /**
   * Resolves with the name of the slot that was given; or with null when it was woken or after `patienceMs`.
   * `askedAt`: when the gate was asked, null if it was not. A slot may come free before the gate answers.
   */
  wait(key: string, patienceMs: number, askedAt: number | null): Promise<string | null>;
  /** Forgets old events. */
  sweep(): void;
  /** How many requests wait. */
  waiting(): number;
}

interface SlotWaiter {
  hasAsked: boolean;
  take(holder: string | null): void;
}

const EVENTS_MS = 1000;

export function createSlotWaiters(): SlotWaiters {
  const counts = new Map<string, number>();
  const queues = new Map<string, Set<SlotWaiter>>();
  /** When a slot of each key came free while nobody waited for it. */
  const freed = new Map<string, number>();
  let waiting = 0;

  const first = (key: string): SlotWaiter | undefined => queues.get(key)?.values().next().value;

  return {
    held(key, change) {
      const count = (counts.get(key) ?? 0) + change;
      if (count > 0) {
        counts.set(key, count);
        return;
      }
      counts.delete(key);
      // No slot will be passed on any more, so those who wait must ask the gate.
      for (const waiter of queues.get(key) ?? []) waiter.take(null);
    },
    holds: (key) => counts.has(key),
    give(key, holder) {
      const waiter = first(key);
      waiter?.take(holder);
      return waiter !== undefined;
    },
    wake(key) {
      for (const waiter of queues.get(key) ?? []) if (waiter.hasAsked) return waiter.take(null);
      freed.set(key, performance.now());
    },
    sweep() {
      const old = performance.now() - EVENTS_MS;
      for (const [key, at] of freed) if (at < old) freed.delete(key);
    },
    wait(key, patienceMs, askedAt) {
      if (askedAt !== null && (freed.get(key) ?? Number.NEGATIVE_INFINITY) > askedAt) {
        freed.delete(key);
        return Promise.resolve(null);
      }
      const hasAsked = askedAt !== null;
      const queue = queues.get(key) ?? new Set<SlotWaiter>();
      queues.set(key, queue);
      waiting++;
      return new Promise((resolve) => {
        const waiter: SlotWaiter = {
          hasAsked,
          take(holder) {
            clearTimeout(timer);
            waiting--;
            queue.delete(waiter);
            if (queue.size === 0 && queues.get(key) === queue) queues.delete(key);
            resolve(holder);
          },
        };
        const timer = setTimeout(() => waiter.take(null), patienceMs);
        queue.add(waiter);
      });
    },
    waiting: () => waiting,
  };
}
