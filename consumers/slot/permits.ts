// The bound of one process: how many fetches may be in flight here. First come, first served.
import type { Permit } from '../../src/politeness/slot.ts';

export interface Permits extends Permit {
  inUse(): number;
}

export function createPermits(most: number): Permits {
  const waiting = new Set<() => void>();
  let used = 0;
  return {
    take(patienceMs) {
      if (used < most) {
        used++;
        return Promise.resolve(true);
      }
      return new Promise((resolve) => {
        const serve = () => {
          clearTimeout(timer);
          waiting.delete(serve);
          resolve(true);
        };
        const timer = setTimeout(() => {
          waiting.delete(serve);
          resolve(false);
        }, patienceMs);
        waiting.add(serve);
      });
    },
    give() {
      const [next] = waiting;
      if (next) next();
      else used--;
    },
    inUse: () => used,
    free: () => used < most,
  };
}
