// The process-level bound: how many fetches may be in flight here, first come first served.
import type { Permit } from '../politeness/slot.ts';

export interface Permits extends Permit {
  inUse(): number;
}

export function createPermits(most: number): Permits {
  const waiting: (() => void)[] = [];
  let used = 0;
  return {
    take() {
      if (used < most) {
        used++;
        return Promise.resolve();
      }
      return new Promise((resolve) => waiting.push(resolve));
    },
    give() {
      const next = waiting.shift();
      if (next) next();
      else used--;
    },
    inUse: () => used,
  };
}
