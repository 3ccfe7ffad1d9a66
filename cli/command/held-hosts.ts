// Watches which hosts of a crawl are paused or slowed, for its progress and its summary.
import type { HeldHost } from '../../src/crawl/progress.ts';
import type { Fleet } from '../../src/fleet.ts';
import { hostsOfCrawl, listHeldHosts, lookAtHosts } from '../../src/frontier/hosts.ts';

/** With the time for which it was held back in all. */
export interface HeldLong extends HeldHost {
  heldMs: number;
  /** Whether it is held back still, by that reason. */
  isStanding: boolean;
}

export interface HeldWatch {
  /** Those that are held back now; looked at once a second. */
  now(): Promise<readonly HeldHost[]>;
  /** Those that were, longest first, each with its last reason. */
  longest(most: number): readonly HeldLong[];
}

const LOOK_MS = 1000;
/** Of those that are held back in the whole fleet, so many are looked at for those of the crawl. */
const MOST_HELD = 500;
const MOST_HOSTS = 20;
/** Of a crawl of very many hosts, those that were held back last. */
const MOST_REMEMBERED = 1000;

export function watchHeldHosts(fleet: Fleet, crawl: string): HeldWatch {
  const seen = new Map<string, Omit<HeldLong, 'isStanding'>>();
  /** Those of the crawl, now or before, that are held back now: those too of which it wants nothing more. */
  let standing: readonly HeldHost[] = [];
  let current: readonly HeldHost[] = [];
  let lookedAt = Number.NEGATIVE_INFINITY;

  async function look(): Promise<HeldHost[]> {
    const held = await listHeldHosts(fleet, MOST_HELD);
    const wanted = (await hostsOfCrawl(fleet, crawl, held)).slice(0, MOST_HOSTS);
    const known = held.filter((key) => seen.has(key) && !wanted.includes(key)).slice(0, MOST_HOSTS);
    const keys = [...wanted, ...known];
    const states = keys.length > 0 ? await lookAtHosts(fleet, keys) : [];
    standing = states.flatMap(({ key, holds }) => (holds[0] ? [{ key, hold: holds[0] }] : []));
    return standing.filter(({ key }) => wanted.includes(key));
  }

  function remember(held: readonly HeldHost[], passedMs: number): void {
    for (const { key, hold } of held) {
      const heldMs = (seen.get(key)?.heldMs ?? 0) + passedMs;
      seen.delete(key);
      seen.set(key, { key, hold, heldMs });
      if (seen.size > MOST_REMEMBERED) seen.delete(seen.keys().next().value ?? '');
    }
  }

  return {
    async now() {
      const passedMs = performance.now() - lookedAt;
      if (passedMs < LOOK_MS) return current;
      lookedAt = performance.now();
      current = await look();
      remember(current, Math.min(passedMs, 2 * LOOK_MS));
      return current;
    },
    longest(most) {
      const longest = [...seen.values()].toSorted((a, b) => b.heldMs - a.heldMs).slice(0, most);
      return longest.map((held) => {
        const hold = standing.find(({ key }) => key === held.key)?.hold;
        const isOver = hold?.until ? Date.parse(hold.until) < Date.now() : false;
        const isStanding = hold !== undefined && !isOver;
        return { ...held, ...(isStanding ? { hold } : {}), isStanding };
      });
    },
  };
}
