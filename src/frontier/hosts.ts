// Limiter keys as the operator sees and steers them: their state, their limits at run time, their pauses.
import { type Fleet, holdShards, homeOfShard, keysByShard, redisTimeMs, shardOf } from '../fleet.ts';
import { type Hold, type HoldFacts, holdsOf } from '../politeness/held-back.ts';
import { defineScript } from '../scripts.ts';

/**
 * Limits that an operator may set for a limiter key. They come before those of requests, patterns and crawls.
 * Null: not set.
 */
export interface HostLimits {
  concurrency: number | null;
  delayMs: number | null;
  /** At most `max` starts in `durationMs`, evenly spread. */
  max: number | null;
  durationMs: number | null;
}

/** The state of a limiter key. Times are in milliseconds from now, and null where there is nothing to say. */
export interface HostState {
  key: string;
  /** Requests in its lanes, and requests that have left them and not ended. */
  waiting: number;
  open: number;
  inFlight: number;
  pausedMs: number;
  /** Time until the next start is allowed. */
  nextMs: number;
  /**
   * The limits that hold now, whoever set them: how many fetches at a time, and the least time between two
   * starts by delay and by rate.
   */
  concurrency: number;
  delayMs: number;
  intervalMs: number;
  /** What the robots.txt, the latency and errors, and the quota of the host ask for. */
  crawlDelayMs: number | null;
  paceMs: number | null;
  quotaMs: number | null;
  latencyMs: number | null;
  /** How often in a row the host refused without naming a time. */
  refusals: number;
  /** The server whose ceiling it shares (--per-server). */
  server: string | null;
  set: HostLimits;
  /** Why it is paused or slowed, since when, and what would change that. Empty for most keys. */
  holds: Hold[];
}

/** The answer of look-at-hosts.lua: the state, and the facts from which its holds are made. */
type Look = Omit<HostState, 'holds'> & HoldFacts;

const PAGE = 200;
/** Of all crawls, only this many of the newest are looked at. look-at-hosts.lua has the number too. */
const MOST_CRAWLS = 100;
/** A pause of ten years: it lasts until somebody ends it. */
export const FOR_GOOD_MS = 10 * 365 * 86_400_000;

const lookScript = defineScript({
  path: 'frontier/lua/look-at-hosts.lua',
  key: (keys) => keys.activeCrawls,
  args: ({ crawls, limiterKeys }: { crawls: readonly string[]; limiterKeys: readonly string[] }) => [
    ...[crawls.join('\x1f'), ...limiterKeys],
  ],
  answer: (reply) => (JSON.parse(String(reply)) as Look[]).map(hostStateOf),
});

const limitScript = defineScript({
  path: 'frontier/lua/limit-host.lua',
  key: (keys) => keys.activeCrawls,
  args: ({ key, limits }: { key: string; limits: Partial<HostLimits> }) => {
    const { concurrency: conc, delayMs: delay, max, durationMs: dur } = limits;
    return [key, JSON.stringify({ conc, delay, max, dur })];
  },
  answer: () => undefined,
});

const pauseScript = defineScript({
  path: 'frontier/lua/pause-host.lua',
  key: (keys) => keys.activeCrawls,
  args: ({ key, durationMs }: { key: string; durationMs: number }) => [key, durationMs],
  answer: () => undefined,
});

const resumeScript = defineScript({
  path: 'frontier/lua/resume-host.lua',
  key: (keys) => keys.activeCrawls,
  args: (key: string) => [key],
  answer: () => undefined,
});

/** The states of these keys, in the same order. A key of which nothing is known has a state too. */
export async function lookAtHosts(fleet: Fleet, keys: readonly string[]): Promise<HostState[]> {
  const states = new Map<string, HostState>();
  const { redis, keys: names } = homeOfShard(fleet);
  const newest = () => redis.zrevrange(names.crawls, '0', String(MOST_CRAWLS - 1));
  const crawls = fleet.shards.length > 1 ? await newest() : [];
  for (const [shard, own] of keysByShard(fleet, keys))
    for (let first = 0; first < own.length; first += PAGE)
      for (const state of await shard.run(lookScript, {
        ...{ crawls, limiterKeys: own.slice(first, first + PAGE) },
      }))
        states.set(state.key, state);
  return keys.map((key) => states.get(key) as HostState);
}

function hostStateOf(look: Look): HostState {
  const { now, pauseUntil, pauseWhy, pauseSince, paceWhy, paceSince, paceShare, usualLatencyMs, ...rest } =
    look;
  const { quotaUntil, quotaSince, crawlDelaySince, ...state } = rest;
  return { ...state, holds: holdsOf(look) };
}

/** Keys that are paused or slowed now, at most `most`. Those with the latest end come first. */
export async function listHeldHosts({ shards }: Fleet, most: number): Promise<string[]> {
  const held = await Promise.all(
    shards.map(async (shard) => {
      const nowMs = await redisTimeMs(shard);
      const { redis, keys } = shard;
      const range = ['+inf', nowMs, 'WITHSCORES', 'LIMIT', 0, most] as const;
      const found = await redis.zrevrangebyscore(keys.heldHosts, ...range);
      return Array.from({ length: found.length / 2 }, (_, at) => ({
        ...{ key: found[2 * at] as string, until: Number(found[2 * at + 1]) },
      }));
    }),
  );
  const latest = held.flat().sort((a, b) => b.until - a.until);
  return latest.slice(0, most).map(({ key }) => key);
}

/** Those of these keys that have requests of this crawl, waiting or open, in the same order. */
export async function hostsOfCrawl(fleet: Fleet, crawl: string, keys: readonly string[]): Promise<string[]> {
  const found = new Set<string>();
  for (const [{ redis, keys: names }, own] of keysByShard(fleet, keys)) {
    const [waiting, open] = await Promise.all([
      redis.zmscore(names.dueLanes(crawl), ...own),
      redis.hmget(names.openByLimiter(crawl), ...own),
    ]);
    for (const [index, key] of own.entries())
      if (waiting[index] != null || open[index] != null) found.add(key);
  }
  return keys.filter((key) => found.has(key));
}

/**
 * Keys with requests of crawls that have not ended, and keys with limits of the operator; at most `most`.
 * Keys with due lanes come first.
 */
export async function listHosts(fleet: Fleet, crawls: readonly string[], most: number): Promise<string[]> {
  const keys = new Set<string>();
  for (const crawl of crawls) {
    for (const { redis, keys: names } of fleet.shards) {
      if (keys.size >= most) break;
      const due = await redis.zrange(names.dueLanes(crawl), '0', String(most - 1));
      const [, open] = await redis.hscan(names.openByLimiter(crawl), '0', 'COUNT', most);
      for (const key of [...due, ...open.filter((_, index) => index % 2 === 0)]) keys.add(key);
    }
  }
  for (const { redis, keys: names } of fleet.shards)
    if (keys.size < most) for (const key of await redis.smembers(names.limitedByOperator)) keys.add(key);
  return [...keys].slice(0, most);
}

/** Sets limits for the whole fleet, within a second. Null takes a limit back; absent limits stay. Atomic. */
export async function limitHost(fleet: Fleet, key: string, limits: Partial<HostLimits>): Promise<void> {
  await holdShards(fleet);
  await shardOf(fleet, key).run(limitScript, { key, limits });
}

/** Allows no start for `durationMs`, whatever the server says. A later call may make the pause shorter. */
export async function pauseHost(fleet: Fleet, key: string, durationMs: number): Promise<void> {
  await holdShards(fleet);
  await shardOf(fleet, key).run(pauseScript, { key, durationMs });
}

/** Ends the pause, whoever made it, and forgets why the host was paused and slowed. */
export async function resumeHost(fleet: Fleet, key: string): Promise<void> {
  await shardOf(fleet, key).run(resumeScript, key);
}
