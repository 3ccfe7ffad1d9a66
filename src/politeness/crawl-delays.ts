// Tells the fleet, from time to time, the Crawl-delay that the robots.txt of a host asks for.
import { type Fleet, shardOf } from '../fleet.ts';
import { defineScript } from '../scripts.ts';
import type { KeyEvents } from './key-events.ts';

export interface CrawlDelays {
  /**
   * The Crawl-delay from one robots.txt of the key's hosts in milliseconds, 0 for none. The longest of them
   * holds.
   */
  note(key: string, delayMs: number): Promise<void>;
}

/** It is told again after this time. Redis keeps it longer than that. */
const TOLD_MS = 3_600_000;
const KEPT_MS = 25 * 3_600_000;
const MOST_KEYS = 10_000;

const crawlDelayScript = defineScript({
  path: 'politeness/lua/crawl-delay.lua',
  key: (keys, { key }) => keys.limiter(key),
  args: ({ key, delayMs }: { key: string; delayMs: number }) => [key, Math.ceil(delayMs), KEPT_MS],
  answer: () => undefined,
});

export function createCrawlDelays(parts: { fleet: Fleet; keyEvents: KeyEvents }): CrawlDelays {
  const { fleet, keyEvents } = parts;
  const told = new Map<string, { delayMs: number; toldAt: number }>();
  return {
    async note(key, delayMs) {
      const known = told.get(key);
      const now = performance.now();
      if (known && known.delayMs >= delayMs && now - known.toldAt < TOLD_MS) return;
      if (!known && delayMs === 0) return;
      if (delayMs > 0) keyEvents.noteTimed(key);
      await shardOf(fleet, key).run(crawlDelayScript, { key, delayMs });
      if (told.size >= MOST_KEYS) told.delete(told.keys().next().value ?? '');
      told.set(key, { delayMs, toldAt: now });
    },
  };
}
