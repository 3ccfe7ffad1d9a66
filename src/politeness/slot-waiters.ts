// Requests of this process that wait for a slot of their key: one that is passed on here, or news that one came free somewhere.

export interface SlotWaiters {
  /** One more (1) or one fewer (-1) slot of the key is held in this process. */
  held(key: string, change: 1 | -1): void;
  /** Whether a slot of the key is held in this process. */
  holds(key: string): boolean;
  /** Hands the slot to the first that waits for the key; false when none does. */
  give(key: string, holder: string): boolean;
  /** A slot of the key came free in the fleet: the first that waits and has asked the gate stops waiting, to ask it again. */
  wake(key: string): void;
  /**
   * Resolves with the holder that was given, or null: woken, or after `patienceMs`. `askedAt`: when the gate was asked, null if it was not; the news
   * of a slot may have come before its answer.
   */
  wait(key: string, patienceMs: number, askedAt: number | null): Promise<string | null>;
  /** Forgets old events. */
  sweep(): void;
  /** How many wait. */
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
  /** Slots of which came news that nobody was waiting for. */
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
      // Nothing will be passed on any more: those who wait ask the gate.
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
