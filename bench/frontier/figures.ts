// What is measured of one frontier in a Redis of its own: how fast it fills, what it takes of memory, how long its turns take.
import { connectRedis, type Redis } from '../../src/redis.ts';
import { startTestRedis } from '../../test/support/redis.ts';
import { busySeconds, usageOf } from '../measure/process-use.ts';
import { median } from '../speed/figures.ts';
import { beginFrontierCrawl, type FrontierCrawl } from './crawl.ts';
import { WINDOW } from './dispatch.ts';
import { settledBytes, usedPeakBytes } from './memory.ts';

export interface FrontierSize {
  hosts: number;
  waiting: number;
  /** With those that wait. */
  seen: number;
}

export interface TurnTimes {
  medianMs: number;
  percentile99Ms: number;
}

export interface OfferFigures {
  urlsPerSecond: number;
  /** CPU time of the producer and of Redis for one URL. */
  producerMicroseconds: number;
  redisMicroseconds: number;
  /** CPUs that were kept busy by what is no part of the measurement: with much of it, no time holds. */
  otherCpus: number;
}

export interface FrontierFigures extends FrontierSize {
  offer: OfferFigures;
  bytesPerWaiting: number;
  bytesPerSeen: number;
  /** With FEW waiting, and with all. */
  fewWaiting: TurnTimes;
  allWaiting: TurnTimes;
  /** From the offer of the first URL of another host until a turn hands it over; of a single host alone. */
  otherHost: { turns: number; milliseconds: number } | null;
  /** What `drover status` reads: how long that takes, and whether what waits by the counters is what the lanes hold. */
  status: { milliseconds: number; waiting: number; onLanes: number };
  redis: { usedBytes: number; peakBytes: number; residentBytes: number };
}

/** A frontier so short that its length can not matter. */
export const FEW = 1000;
const WARM_ROUNDS = 5;
const ROUNDS = 30;
const TURNS_A_ROUND = 10;
const READINGS = 100;
const MOST_TURNS = 1000;

export async function measureFrontier(size: FrontierSize): Promise<FrontierFigures> {
  const server = await startTestRedis();
  const redis = connectRedis({ url: server.url }, 'script');
  try {
    const short = await beginFrontierCrawl(redis, 'short', Math.min(size.hosts, FEW));
    await short.enqueue(FEW);
    // Redis makes some things once, which are not the frontier's: 25 kB for the latencies of each command, scripts, buffers.
    await timeTurns([short], WARM_ROUNDS);
    await timeStatus(short);
    const figures = await measureLong(redis, server.pid, short, size);
    const { peakBytes: residentBytes } = usageOf(server.pid);
    return { ...size, ...figures, redis: { ...figures.redis, residentBytes } };
  } finally {
    redis.disconnect();
    await server.stop();
  }
}

async function measureLong(
  redis: Redis,
  redisPid: number,
  short: FrontierCrawl,
  { hosts, waiting, seen }: FrontierSize,
) {
  const emptyBytes = await settledBytes(redis);
  const seenByShort = (await short.counts()).accepted;
  const long = await beginFrontierCrawl(redis, 'shop.example', hosts);
  await long.pass(seen - waiting);
  const offer = await timeOffer(long, redisPid, waiting);
  const usedBytes = await settledBytes(redis);

  const [fewWaiting, allWaiting] = await timeTurns([short, long], ROUNDS);
  const otherHost = hosts === 1 ? await timeOtherHost(long) : null;
  const statusMs = await timeStatus(long);
  const counts = await long.counts();
  const onLanes = await long.onLanes();

  await long.dropLanes();
  const seenSince = counts.accepted + (await short.counts()).accepted - seenByShort;
  const bytesPerSeen = ((await settledBytes(redis)) - emptyBytes) / seenSince;
  return {
    ...{ offer, bytesPerSeen },
    bytesPerWaiting: (usedBytes - emptyBytes - bytesPerSeen * seen) / waiting,
    ...{ fewWaiting, allWaiting, otherHost },
    status: { milliseconds: statusMs, waiting: counts.waiting, onLanes },
    redis: { usedBytes, peakBytes: await usedPeakBytes(redis) },
  };
}

async function timeOffer(crawl: FrontierCrawl, redisPid: number, count: number): Promise<OfferFigures> {
  const now = () => [busySeconds(), ...[process.pid, redisPid].map((pid) => usageOf(pid).cpuSeconds)];
  const before = now();
  const seconds = await crawl.enqueue(count);
  const [busy = 0, producer = 0, server = 0] = now().map((after, index) => after - (before[index] ?? 0));
  return {
    urlsPerSecond: count / seconds,
    producerMicroseconds: (producer * 1e6) / count,
    redisMicroseconds: (server * 1e6) / count,
    otherCpus: Math.max(0, busy - producer - server) / seconds,
  };
}

/**
 * Each turn hands out a whole window, which ends; as many are offered, so that the frontiers keep their lengths. They go in turn, so that what
 * else the machine does falls on all of them alike.
 */
async function timeTurns<Crawls extends FrontierCrawl[]>(crawls: [...Crawls], rounds: number) {
  const times = crawls.map((): number[] => []);
  for (let round = 0; round < rounds; round++) {
    for (const [index, crawl] of crawls.entries()) {
      for (let turn = 0; turn < TURNS_A_ROUND; turn++) {
        const { milliseconds, urls } = await crawl.turn();
        if (urls.length !== WINDOW) throw new Error(`a turn handed over ${urls.length}, not ${WINDOW}`);
        await crawl.offerNext(WINDOW);
        times[index]?.push(milliseconds);
      }
      await crawl.rest();
    }
  }
  return times.map(turnTimesOf) as { [Index in keyof Crawls]: TurnTimes };
}

function turnTimesOf(times: readonly number[]): TurnTimes {
  const sorted = times.toSorted((a, b) => a - b);
  return { medianMs: median(times), percentile99Ms: sorted[Math.ceil(times.length * 0.99) - 1] ?? 0 };
}

async function timeOtherHost(crawl: FrontierCrawl): Promise<{ turns: number; milliseconds: number }> {
  const url = 'https://other.example/';
  await crawl.turn(); // the host of all the others has its window in flight
  const startedAt = performance.now();
  await crawl.offerOther(url);
  for (let turns = 1; turns <= MOST_TURNS; turns++) {
    const { urls } = await crawl.turn();
    if (urls.includes(url)) {
      const milliseconds = performance.now() - startedAt;
      await crawl.rest();
      return { turns, milliseconds };
    }
  }
  throw new Error(`${url} was not handed over in ${MOST_TURNS} turns`);
}

async function timeStatus(crawl: FrontierCrawl): Promise<number> {
  const times: number[] = [];
  for (let reading = 0; reading < READINGS; reading++) {
    const startedAt = performance.now();
    await crawl.counts();
    times.push(performance.now() - startedAt);
  }
  return median(times);
}
