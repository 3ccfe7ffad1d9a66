// What hosts ask for: a pause (429, 503), a Crawl-delay, a slower pace because of what is left of a quota. Kept for the whole fleet.
import type { Fleet } from '../fleet.ts';
import { runScript } from '../scripts.ts';
import type { KeyEvents } from './key-events.ts';

export interface ToldOff {
  afterMs: number | null;
  longestMs: number;
  ageMs: number;
}

/** Times in milliseconds. */
export interface Demands {
  /**
   * Pauses the key: for as long as its host asked (null: it named no time), at most `longestMs`. Answers for how long it is paused now, and
   * for how long it has told off without a good answer in between. `ageMs`: since when the request that was told off had been on its way.
   */
  pause(key: string, asked: ToldOff): Promise<{ pausedMs: number; toldForMs: number }>;
  /** The Crawl-delay of a robots.txt of the key's hosts, 0 for none: told to the fleet once in a while, the longest of them all. */
  crawlDelay(key: string, delayMs: number): Promise<void>;
  /** What is left of the host's quota asks for so much time between two starts, for `untilMs` from now. */
  spread(key: string, intervalMs: number, untilMs: number): Promise<void>;
}

/** Redis keeps a Crawl-delay for longer than this. */
const CRAWL_DELAY_TOLD_MS = 3_600_000;
const CRAWL_DELAY_KEPT_MS = 25 * 3_600_000;
/** Each answer tells the quota anew: so often it is passed on. */
const SPREAD_EVERY_MS = 200;
const MOST_KEYS = 10_000;

export function createDemands(parts: { fleet: Fleet; keyEvents: KeyEvents }): Demands {
  const { fleet, keyEvents } = parts;
  const crawlDelays = new Map<string, { delayMs: number; toldAt: number }>();
  const spreads = new Map<string, number>();
  const slow = (key: string, kind: 'crawl' | 'hint', ms: number, keepMs: number) =>
    runScript(fleet.redis, 'politeness/lua/slow.lua', fleet.keys.limiter(key), [
      fleet.namespace,
      key,
      kind,
      Math.ceil(ms),
      Math.ceil(keepMs),
    ]);

  return {
    async pause(key, { afterMs, longestMs, ageMs }) {
      // At once in this process; the rest of the fleet hears of it from Redis.
      if (afterMs !== null) keyEvents.notePause(key, Math.min(afterMs, longestMs));
      const args = [
        fleet.namespace,
        key,
        Math.ceil(afterMs ?? -1),
        longestMs,
        Math.round(ageMs),
        Math.random(),
      ];
      const reply = await runScript(fleet.redis, 'politeness/lua/pause.lua', fleet.keys.limiter(key), args);
      const [pausedMs = 0, toldForMs = 0] = (reply as number[]).map((ms) => Math.max(0, ms));
      if (pausedMs > 0) keyEvents.notePause(key, pausedMs);
      return { pausedMs, toldForMs };
    },
    async crawlDelay(key, delayMs) {
      const known = crawlDelays.get(key);
      const now = performance.now();
      if (known && known.delayMs >= delayMs && now - known.toldAt < CRAWL_DELAY_TOLD_MS) return;
      if (!known && delayMs === 0) return;
      if (delayMs > 0) keyEvents.noteTimed(key);
      await slow(key, 'crawl', delayMs, CRAWL_DELAY_KEPT_MS);
      if (crawlDelays.size >= MOST_KEYS) crawlDelays.delete(crawlDelays.keys().next().value ?? '');
      crawlDelays.set(key, { delayMs, toldAt: now });
    },
    async spread(key, intervalMs, untilMs) {
      const now = performance.now();
      if (now - (spreads.get(key) ?? Number.NEGATIVE_INFINITY) < SPREAD_EVERY_MS) return;
      if (spreads.size >= MOST_KEYS) spreads.clear();
      spreads.set(key, now);
      keyEvents.noteTimed(key);
      await slow(key, 'hint', intervalMs, untilMs);
    },
  };
}
