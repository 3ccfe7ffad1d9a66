// Requests of this process that wait for a slot of their key to be passed on, first come first served.

export interface Heirs {
  /** One more (1) or one fewer (-1) slot of the key is held in this process. */
  held(key: string, change: 1 | -1): void;
  /** Hands the slot to the first that waits for the key; false when none does. */
  give(key: string, holder: string): boolean;
  /** Resolves with the holder that was given, null after `patienceMs` or at once when no slot of the key is held here. */
  wait(key: string, patienceMs: number): Promise<string | null>;
}

interface Heir {
  take(holder: string | null): void;
}

export function createHeirs(): Heirs {
  const counts = new Map<string, number>();
  const waiting = new Map<string, Set<Heir>>();

  function held(key: string, change: 1 | -1): void {
    const count = (counts.get(key) ?? 0) + change;
    if (count > 0) {
      counts.set(key, count);
      return;
    }
    counts.delete(key);
    // Nothing will be passed on any more: those who wait ask the gate.
    for (const heir of waiting.get(key) ?? []) heir.take(null);
  }

  return {
    held,
    give(key, holder) {
      const [heir] = waiting.get(key) ?? [];
      heir?.take(holder);
      return heir !== undefined;
    },
    wait(key, patienceMs) {
      if (!counts.has(key)) return Promise.resolve(null);
      const queue = waiting.get(key) ?? new Set<Heir>();
      waiting.set(key, queue);
      return new Promise((resolve) => {
        const heir: Heir = {
          take(holder) {
            clearTimeout(timer);
            queue.delete(heir);
            if (queue.size === 0 && waiting.get(key) === queue) waiting.delete(key);
            resolve(holder);
          },
        };
        const timer = setTimeout(() => heir.take(null), patienceMs);
        queue.add(heir);
      });
    },
  };
}
