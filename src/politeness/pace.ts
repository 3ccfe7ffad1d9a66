// What this process sees of its hosts, told to the fleet a few times a second: from it follows how fast each may be asked (lua/pace.lua).
import type { Fleet } from '../fleet.ts';
import { runScript } from '../scripts.ts';

/** good: any answer that is no complaint. bad: a failure that means too much. told: 429 or 503 without a time. */
export type Sight = 'good' | 'bad' | 'told';

export interface Pace {
  /** `latencyMs`: until the first byte of a good answer. `timed`: whether the key obeys a clock. */
  note(key: string, sight: Sight, latencyMs: number | null, timed: boolean): void;
  stop(): Promise<void>;
}

interface Seen {
  good: number;
  bad: number;
  told: number;
  leastMs: number;
  sinceMs: number;
  timed: boolean;
}

const TELL_MS = 250;
/** A few answers, or a failure, are worth telling; after this, of a key that obeys a clock (it may be slowed down) less too. */
const ENOUGH = 3;
const KEPT_MS = 2000;
const MOST_A_CALL = 200;
const MOST_KEYS = 20_000;

export function createPace(parts: { fleet: Fleet; onError: (error: unknown) => void }): Pace {
  const { fleet, onError } = parts;
  const seen = new Map<string, Seen>();

  async function tell(): Promise<void> {
    const args: (string | number)[] = [];
    const now = performance.now();
    for (const [key, { good, bad, told, leastMs, sinceMs, timed }] of seen) {
      const isOld = now - sinceMs > KEPT_MS;
      const isEnough = bad + told > 0 || good >= ENOUGH || (isOld && timed);
      if (isEnough && args.length < MOST_A_CALL * 5) {
        args.push(key, good, bad, told, Number.isFinite(leastMs) ? Math.round(leastMs * 10) / 10 : 0);
        seen.delete(key);
      } else if (isOld) seen.delete(key);
    }
    if (args.length > 0)
      await runScript(fleet.redis, 'politeness/lua/pace.lua', fleet.keys.activeCrawls, [
        fleet.namespace,
        ...args,
      ]);
  }
  const timer = setInterval(() => tell().catch(onError), TELL_MS);

  return {
    note(key, sight, latencyMs, timed) {
      let known = seen.get(key);
      if (!known) {
        if (seen.size >= MOST_KEYS) return;
        known = {
          good: 0,
          bad: 0,
          told: 0,
          leastMs: Number.POSITIVE_INFINITY,
          sinceMs: performance.now(),
          timed,
        };
        seen.set(key, known);
      }
      known[sight]++;
      if (sight === 'good' && latencyMs !== null) known.leastMs = Math.min(known.leastMs, latencyMs);
    },
    async stop() {
      clearInterval(timer);
      await tell().catch(onError);
    },
  };
}
