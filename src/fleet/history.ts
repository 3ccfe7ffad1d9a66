// The fleet's last hour: one sample every 5 s, written by whichever process comes first. What the dashboard plots.
import type { Fleet } from '../fleet.ts';
import { gathered, requestErrors } from '../metrics.ts';
import type { RequestQueue } from '../queue/queue.ts';
import {
  type Counters,
  readCounters,
  readCrawlTotals,
  readQueue,
  readStandings,
  totalTimes,
} from './snapshot.ts';

export interface StatsSample {
  /** Milliseconds since 1970. */
  at: number;
  /** These are counters of the fleet since its beginning. */
  recorded: number;
  refused: number;
  dead: number;
  retries: number;
  /** Requests that their server told to come later. */
  postponed: number;
  bytes: number;
  /** By layer; those without any are left out. */
  errors: Record<string, number>;
  /** Times of whole attempts: `counts[i]` of them took at most `bounds[i]` ms and more than the bound before; the last took longer than all. */
  latency: { bounds: number[]; counts: number[] };
  /** These are as it stood then. */
  waiting: number;
  open: number;
  delayed: number;
  deadLetters: number;
  inFlight: number;
  consumers: number;
}

export interface Stats {
  everyMs: number;
  /** At most those of the last hour, the oldest first. */
  samples: StatsSample[];
}

const EVERY_MS = 5000;
const KEPT_MS = 3_600_000;
const MOST_SAMPLES = KEPT_MS / EVERY_MS;

export interface Sampler {
  /** To be called about once a second. Answers the sample if it was this process's turn to write one. */
  tick(): Promise<StatsSample | null>;
}

/** Any process of the fleet may have one, consumers and the API's server alike. */
export function createSampler(fleet: Fleet, queue: RequestQueue, nowMs: () => number = Date.now): Sampler {
  let lastPeriod = 0;
  return {
    async tick() {
      const period = Math.floor(nowMs() / EVERY_MS);
      if (period === lastPeriod) return null;
      lastPeriod = period;
      // Who writes the period's name first writes its sample. If it dies before that, one sample is missing.
      const claim = fleet.keys.historyClaim(period);
      if ((await fleet.redis.set(claim, '1', 'PX', 2 * EVERY_MS, 'NX')) === null) return null;
      const sample = { ...(await takeSample(fleet, queue)), at: nowMs() };
      const pipeline = fleet.redis.pipeline();
      pipeline.rpush(fleet.keys.history, JSON.stringify(sample));
      pipeline.ltrim(fleet.keys.history, -MOST_SAMPLES, -1);
      await pipeline.exec();
      return sample;
    },
  };
}

/** The fleet's last hour. */
export async function readStats(fleet: Fleet): Promise<Stats> {
  const texts = await fleet.redis.lrange(fleet.keys.history, 0, -1);
  const since = Date.now() - KEPT_MS;
  const samples = texts.map((text) => JSON.parse(text) as StatsSample).filter(({ at }) => at >= since);
  return { everyMs: EVERY_MS, samples };
}

/** The newest sample, whoever wrote it; null before there is one. */
export async function latestSample(fleet: Fleet): Promise<StatsSample | null> {
  const text = await fleet.redis.lindex(fleet.keys.history, -1);
  return text === null ? null : (JSON.parse(text) as StatsSample);
}

/** The fleet as it stands now. Its cost does not depend on hosts, and not on crawls beyond the newest 1,000. */
export async function takeSample(fleet: Fleet, queue: RequestQueue): Promise<StatsSample> {
  const [counters, standings, crawls, jobs] = await Promise.all([
    readCounters(fleet),
    readStandings(fleet),
    readCrawlTotals(fleet),
    readQueue(queue),
  ]);
  const outcome = (name: string) => counters.of(gathered.outcomes, name);
  const { boundsMs, counts } = totalTimes(counters);
  return {
    at: Date.now(),
    recorded: outcome('recorded'),
    refused: outcome('refused'),
    dead: outcome('dead'),
    retries: outcome('retry'),
    postponed: counters.of(gathered.toldOff),
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
