// Tells where one request stands in the frontier, for explanations. It changes nothing.
import type { Fleet } from '../fleet.ts';
import type { Redis } from '../redis.ts';
import { type Request, unpackRequest } from '../request.ts';
import { defineScript } from '../scripts.ts';
import { fingerprint, signedDecimal } from '../url/fingerprint.ts';
import { expandEntry } from './entry.ts';

export interface FrontierLook {
  /** Null when there is no such crawl. */
  state: 'running' | 'paused' | 'finished' | 'cancelled' | null;
  /**
   * Whether the crawl ever accepted it. Null when that is not known any more: a cancelled crawl drops its
   * seen set.
   */
  seen: boolean | null;
  /** The request, if it has left its lane and not ended. */
  open: Request | null;
  /** Whether it is on its way from the lane into the queue. */
  handOver: boolean;
  /** Why it is dead, as `CODE message`; null if it is not dead. */
  dead: string | null;
  /** Whether a replay brought it back and it has not ended since. */
  replayed: boolean;
}

/** The answer of look-at-request.lua. */
interface LookReply {
  state: FrontierLook['state'];
  seen: 'seen' | 'unseen' | 'dropped';
  open: string | null;
  dead: string | null;
  replayed: string | null;
  handOver: boolean;
}

const lookScript = defineScript({
  path: 'frontier/lua/look-at-request.lua',
  key: (keys, { crawl }) => keys.crawl(crawl),
  args: ({ crawl, id }: { crawl: string; id: string }) => [crawl, id, signedDecimal(id)],
  answer: (reply) => JSON.parse(String(reply)) as LookReply,
});

/** Reads everything at one moment. `fleet` is the shard of its limiter key, `id` a fingerprint. */
export async function lookAtRequest(fleet: Fleet, crawl: string, id: string): Promise<FrontierLook> {
  const { state, seen, open, dead, replayed, handOver } = await fleet.run(lookScript, { crawl, id });
  const behindClaim = (value: string) => value.slice(value.indexOf('\x1f') + 1);
  return {
    state,
    seen: seen === 'dropped' ? null : seen === 'seen',
    open: open === null ? null : unpackRequest(behindClaim(open)),
    handOver,
    dead: dead === null ? null : behindClaim(dead),
    replayed: replayed !== null,
  };
}

/** Whether the crawl has, or had, the request. */
export function isKnown({ seen, open, dead, replayed }: FrontierLook): boolean {
  return seen === true || open !== null || dead !== null || replayed;
}

export interface LanePosition {
  /** The limiter key of the lane. */
  key: string;
  request: Request;
  /** Counted from 1; entries of higher priority count too. */
  position: number;
  /** Requests in all lanes of the key. */
  length: number;
}

const PAGE = 500;

/**
 * Looks for a request in the lanes of a crawl: first in those of `firstKey`, then in the others, at most
 * `most` entries in all. If it is not found, returns how many requests wait in the lanes of `firstKey`, and
 * whether all lanes were searched. Entries move up meanwhile, so a position is true for a moment only.
 */
export async function findInLanes(
  fleet: Fleet,
  crawl: string,
  id: string,
  firstKey: string | null,
  most: number,
): Promise<{ found: LanePosition | null; length: number; lookedAtAll: boolean }> {
  const { redis, keys: names } = fleet;
  const priorities = [...((await redis.hget(names.crawl(crawl), 'priorities')) ?? '0')].sort().reverse();
  const others = await redis.zrange(names.dueLanes(crawl), '0', String(most - 1));
  const keys = firstKey === null ? others : [firstKey, ...others.filter((key) => key !== firstKey)];
  let [left, firstLength] = [most, 0];
  for (const key of keys) {
    const lanes = priorities.map((priority) => names.lane(crawl, priority, key));
    const lengths = await Promise.all(lanes.map((lane) => redis.llen(lane)));
    const length = lengths.reduce((sum, one) => sum + one, 0);
    if (key === firstKey) firstLength = length;
    let ahead = 0;
    for (const [index, lane] of lanes.entries()) {
      const { at, request } = await findInLane(redis, lane, { id, key, most: left });
      if (request)
        return { found: { key, request, position: ahead + at + 1, length }, length, lookedAtAll: true };
      ahead += lengths[index] ?? 0;
      left -= at;
      if (left <= 0) return { found: null, length: firstLength, lookedAtAll: false };
    }
  }
  return { found: null, length: firstLength, lookedAtAll: true };
}

/** `at`: the index of the entry; if it is not there, how many entries were searched. */
async function findInLane(
  redis: Redis,
  lane: string,
  { id, key, most }: { id: string; key: string; most: number },
): Promise<{ at: number; request: Request | null }> {
  for (let start = 0; start < most; start += PAGE) {
    const entries = await redis.lrange(lane, start, Math.min(start + PAGE, most) - 1);
    for (const [index, entry] of entries.entries()) {
      const packed = expandEntry(entry, key);
      if (idOf(packed) === id) return { at: start + index, request: unpackRequest(packed) };
    }
    if (entries.length < PAGE) return { at: start + entries.length, request: null };
  }
  return { at: most, request: null };
}

/** The id is named in the request when it does not follow from the URL. */
function idOf(packed: string): string {
  return (
    packed.slice(0, packed.indexOf('\x1f')) ||
    fingerprint({ url: packed.slice(packed.lastIndexOf('\x1f') + 1) })
  );
}
