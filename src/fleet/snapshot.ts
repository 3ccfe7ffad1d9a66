// The fleet at one moment, from Redis: counters and states of its consumers, and what waits. The cost does
// not depend on the number of hosts, nor on crawls beyond the newest 1,000.
import type { Fleet } from '../fleet.ts';
import { countOpen } from '../frontier/steer.ts';
import { crawlStates, fieldOf, fields, gathered, type Metric, OTHER, queueStates } from '../metrics.ts';
import type { RequestQueue } from '../queue/queue.ts';
import { defineScript } from '../scripts.ts';
import type { Standing } from './heartbeat.ts';

/** Most newest crawls that are read, besides those with requests to dispatch. */
const MOST_CRAWLS = 1000;
const GROUPS_A_PAGE = 500;
const MOST_GROUP_PAGES = 20;

/** Counts of all consumers since the fleet's beginning; 0 for what was never counted. */
export interface Counters {
  of(metric: Metric, ...row: string[]): number;
  /**
   * A histogram: the count of each bucket by itself (not added up), the last one for +Inf, and the sum in
   * seconds.
   */
  histogram(metric: Metric, ...row: string[]): { counts: number[]; sumSeconds: number };
}

export interface CrawlTotals {
  byState: Record<string, number>;
  /** Requests of open crawls that have not ended. `open` counts those of them that are in the queue. */
  waiting: number;
  open: number;
}

export interface Standings {
  consumers: number;
  capacity: number;
  /** The states of consumers that have sent a heartbeat; a new consumer has not. */
  each: Standing[];
}

const standingScript = defineScript({
  path: 'fleet/lua/standing.lua',
  key: (keys) => keys.consumers,
  args: () => [],
  answer: (reply) => JSON.parse(String(reply)) as { capacity: number; standing: string }[],
});

const deadCodesScript = defineScript({
  path: 'fleet/lua/dead-codes.lua',
  key: (keys) => keys.deadGroups,
  args: ({ first, last }: { first: number; last: number }) => [first, last],
  answer: (reply) => JSON.parse(String(reply)) as { groups: number; counts: Record<string, number> },
});

export async function readCounters(fleet: Fleet): Promise<Counters> {
  const values = await fleet.redis.hmget(fleet.keys.metrics, ...fields);
  const known = new Map(fields.map((field, index) => [field, Number(values[index] ?? 0)]));
  const value = (metric: Metric, row: string[], bucket?: string) =>
    known.get(fieldOf(metric, row, bucket)) ?? 0;
  return {
    of: (metric, ...row) => value(metric, row),
    histogram: (metric, ...row) => ({
      counts: [...metric.bounds.map(String), '+Inf'].map((bucket) => value(metric, row, bucket)),
      sumSeconds: value(metric, row, 'sum') / 1e6,
    }),
  };
}

export async function readStandings(fleet: Fleet): Promise<Standings> {
  // Each consumer is at all shards, with the share of its capacity there; how it stands is at home.
  const [alive = [], ...others] = await Promise.all(
    fleet.shards.map((shard) => shard.run(standingScript, null)),
  );
  const told = alive.filter(({ standing }) => standing !== '');
  return {
    consumers: alive.length,
    capacity: [alive, ...others].flat().reduce((sum, { capacity }) => sum + capacity, 0),
    each: told.map(({ standing }) => JSON.parse(standing) as Standing),
  };
}

/**
 * Totals over the crawls with requests to dispatch and the newest 1,000. Older crawls have ended, and none of
 * their requests wait.
 */
export async function readCrawlTotals(fleet: Fleet): Promise<CrawlTotals> {
  const [active, newest] = await Promise.all([
    fleet.redis.zrange(fleet.keys.activeCrawls, '0', '-1'),
    fleet.redis.zrevrange(fleet.keys.crawls, '0', String(MOST_CRAWLS - 1)),
  ]);
  const crawls = [...new Set([...active, ...newest])];
  const read = await Promise.all(
    fleet.shards.map(({ redis, keys }) => {
      const pipeline = redis.pipeline();
      for (const crawl of crawls)
        pipeline.hmget(keys.crawl(crawl), 'state', 'accepted', 'recorded', 'refused', 'dead');
      return pipeline.exec();
    }),
  );
  const totals: CrawlTotals = {
    byState: Object.fromEntries(crawlStates.map((state) => [state, 0])),
    waiting: 0,
    open: 0,
  };
  const busy: string[] = [];
  crawls.forEach((crawl, index) => {
    const parts = read.map((part) => (part?.[index]?.[1] ?? []) as (string | null)[]);
    const state = parts[0]?.[0];
    if (!state) return;
    totals.byState[state] = (totals.byState[state] ?? 0) + 1;
    if (state !== 'running' && state !== 'paused') return;
    let waiting = 0;
    for (const [, ...counts] of parts) {
      const [accepted = 0, recorded = 0, refused = 0, dead = 0] = counts.map(Number);
      waiting += accepted - recorded - refused - dead;
    }
    totals.waiting += waiting;
    if (waiting > 0) busy.push(crawl);
  });
  const opens = await Promise.all(busy.map((crawl) => countOpen(fleet, crawl)));
  totals.open = opens.reduce((sum, open) => sum + open, 0);
  return totals;
}

/** Number of jobs by state, in the queues of all shards. */
export async function readQueues(queues: readonly RequestQueue[]): Promise<Record<string, number>> {
  const sum: Record<string, number> = {};
  for (const counts of await Promise.all(queues.map((queue) => queue.getJobCounts(...queueStates))))
    for (const [state, count] of Object.entries(counts)) sum[state] = (sum[state] ?? 0) + count;
  return sum;
}

/**
 * Number of dead letters by code. Those of groups beyond the newest 10,000 are counted as `other`. `all` is
 * the length of the failed set.
 */
export async function readDeadByCode(fleet: Fleet, all: number): Promise<Map<string, number>> {
  const codes = new Map<string, number>();
  let counted = 0;
  for (let page = 0; page < MOST_GROUP_PAGES; page++) {
    const first = page * GROUPS_A_PAGE;
    const { groups, counts } = await fleet.run(deadCodesScript, { first, last: first + GROUPS_A_PAGE - 1 });
    for (const [code, count] of Object.entries(counts)) {
      codes.set(code, (codes.get(code) ?? 0) + count);
      counted += count;
    }
    if (groups < GROUPS_A_PAGE) return codes;
  }
  if (all > counted) codes.set(OTHER, all - counted);
  return codes;
}

/** Times of whole attempts, from which percentiles are computed. */
export function totalTimes(counters: Counters): { boundsMs: number[]; counts: number[] } {
  const { counts } = counters.histogram(gathered.phases, 'total');
  return { boundsMs: gathered.phases.bounds.map((bound) => bound * 1000), counts };
}
