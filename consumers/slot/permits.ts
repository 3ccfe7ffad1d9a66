// The bound of one process: how many fetches may be in flight here. First come, first served. A request that
// may have killed a consumer is fetched alone: it waits until nothing else is in flight, and all others wait
// for it.
import type { Permit } from '../../src/politeness/slot.ts';

export interface Permits extends Permit {
  /** The right to be the only fetch of this process. It waits for as long as it takes. */
  readonly alone: Permit;
  inUse(): number;
}

interface Waiting {
  isAlone: boolean;
  serve: () => void;
}

export function createPermits(most: number): Permits {
  const waiting = new Set<Waiting>();
  let used = 0;
  let isAlone = false;

  const fits = (wantsAlone: boolean) => !isAlone && (wantsAlone ? used === 0 : used < most);
  const hold = (wantsAlone: boolean) => {
    used++;
    isAlone = wantsAlone;
  };
  /** Whoever waits longest is served first, so that nobody waits for ever. */
  function serveNext(): void {
    for (const next of waiting) {
      if (!fits(next.isAlone)) return;
      waiting.delete(next);
      hold(next.isAlone);
      next.serve();
    }
  }

  function takeOne(wantsAlone: boolean, patienceMs: number | null): Promise<boolean> {
    if (waiting.size === 0 && fits(wantsAlone)) {
      hold(wantsAlone);
      return Promise.resolve(true);
    }
    return new Promise((resolve) => {
      const own: Waiting = {
        isAlone: wantsAlone,
        serve() {
          clearTimeout(timer);
          resolve(true);
        },
      };
      const giveUp = () => {
        waiting.delete(own);
        resolve(false);
      };
      const timer = patienceMs === null ? undefined : setTimeout(giveUp, patienceMs);
      waiting.add(own);
    });
  }

  const give = () => {
    used--;
    isAlone = false;
    serveNext();
  };
  return {
    take(patienceMs) {
      return takeOne(false, patienceMs);
    },
    give,
    inUse: () => used,
    free: () => waiting.size === 0 && fits(false),
    alone: {
      take() {
        return takeOne(true, null);
      },
      give,
      free: () => waiting.size === 0 && fits(true),
    },
  };
}
