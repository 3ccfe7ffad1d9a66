// The fleet's last hour, for the dashboard's plots: one sample every 5 s, written by one process of the
// fleet.
import type { Fleet } from '../fleet.ts';
import { gathered, requestErrors } from '../metrics.ts';
import type { RequestQueue } from '../queue/queue.ts';
import {
  type Counters,
  readCounters,
  readCrawlTotals,
  readQueues,
  readStandings,
  totalTimes,
} from './snapshot.ts';

export interface StatsSample {
  /** Milliseconds since 1970. */
  at: number;
  /** This field and all down to `latency` are counters since the fleet's beginning. */
  recorded: number;
  refused: number;
  dead: number;
  retries: number;
  /** Requests postponed because their server was rate-limiting (429, 503). */
  postponed: number;
  bytes: number;
  /** Errors by layer; layers without errors are left out. */
  errors: Record<string, number>;
  /**
   * Times of whole attempts. `counts[i]` attempts took at most `bounds[i]` ms and more than the bound before;
   * the last count is of those that took longer than all bounds.
   */
  latency: { bounds: number[]; counts: number[] };
  /** This field and all below are the state at that moment. */
  waiting: number;
  open: number;
  delayed: number;
  deadLetters: number;
  inFlight: number;
  consumers: number;
}

export interface Stats {
  everyMs: number;
  /** Samples of the last hour, oldest first. */
  samples: StatsSample[];
}

const EVERY_MS = 5000;
const KEPT_MS = 3_600_000;
const MOST_SAMPLES = KEPT_MS / EVERY_MS;

export interface Sampler {
  /** To be called about once a second. Returns the sample if this process wrote one. */
  tick(): Promise<StatsSample | null>;
}

/** Makes a sampler. Any process of the fleet may have one: consumers and the API server. */
export function createSampler(
  fleet: Fleet,
  queues: readonly RequestQueue[],
  nowMs: () => number = Date.now,
): Sampler {
  let lastPeriod = 0;
  return {
    async tick() {
      const period = Math.floor(nowMs() / EVERY_MS);
      if (period === lastPeriod) return null;
      lastPeriod = period;
      // The process that first sets the key of the period writes its sample. If it dies before it has written
      // it, that sample is missing.
      const claim = fleet.keys.historyClaim(period);
      if ((await fleet.redis.set(claim, '1', 'PX', 2 * EVERY_MS, 'NX')) === null) return null;
      const sample = { ...(await takeSample(fleet, queues)), at: nowMs() };
      const pipeline = fleet.redis.pipeline();
      pipeline.rpush(fleet.keys.history, JSON.stringify(sample));
      pipeline.ltrim(fleet.keys.history, -MOST_SAMPLES, -1);
      await pipeline.exec();
      return sample;
    },
  };
}

/** Reads the samples of the last hour. */
export async function readStats(fleet: Fleet): Promise<Stats> {
  const texts = await fleet.redis.lrange(fleet.keys.history, 0, -1);
  const since = Date.now() - KEPT_MS;
  const samples = texts.map((text) => JSON.parse(text) as StatsSample).filter(({ at }) => at >= since);
  return { everyMs: EVERY_MS, samples };
}

/** The newest sample; null before there is one. */
export async function latestSample(fleet: Fleet): Promise<StatsSample | null> {
  const text = await fleet.redis.lindex(fleet.keys.history, -1);
  return text === null ? null : (JSON.parse(text) as StatsSample);
}

/**
 * The state of the fleet now. The cost does not depend on the number of hosts, nor on crawls beyond the
 * newest 1,000.
 */
export async function takeSample(fleet: Fleet, queues: readonly RequestQueue[]): Promise<StatsSample> {
  const [counters, standings, crawls, jobs] = await Promise.all([
    readCounters(fleet),
    readStandings(fleet),
    readCrawlTotals(fleet),
    readQueues(queues),
  ]);
  const outcome = (name: string) => counters.of(gathered.outcomes, name);
  const { boundsMs, counts } = totalTimes(counters);
  return {
    at: Date.now(),
    recorded: outcome('recorded'),
    refused: outcome('refused'),
    dead: outcome('dead'),
    retries: outcome('retry'),
    postponed: counters.of(gathered.rateLimited),
    bytes: counters.of(gathered.bytes),
    errors: errorsByLayer(counters),
    latency: { bounds: boundsMs, counts },
    waiting: crawls.waiting,
    open: crawls.open,
    delayed: jobs.delayed ?? 0,
    deadLetters: jobs.failed ?? 0,
    inFlight: standings.each.reduce((sum, { inFlight }) => sum + inFlight, 0),
    consumers: standings.consumers,
  };
}

function errorsByLayer(counters: Counters): Record<string, number> {
  const layers: Record<string, number> = {};
  for (const [layer, code] of requestErrors) {
    const count = counters.of(gathered.errors, layer, code);
    if (count > 0) layers[layer] = (layers[layer] ?? 0) + count;
  }
  return layers;
}
