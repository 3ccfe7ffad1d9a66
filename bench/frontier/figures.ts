// Measures one frontier in a Redis of its own: how fast requests are offered, how much memory they take, and
// how long a dispatch takes.
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
  /** Number of seen URLs, including those that wait. */
  seen: number;
}

export interface DispatchTimes {
  medianMs: number;
  percentile99Ms: number;
}

export interface OfferFigures {
  urlsPerSecond: number;
  /** CPU time of the producer and of Redis for each URL. */
  producerMicroseconds: number;
  redisMicroseconds: number;
  /** CPUs that other processes kept busy. If this is high, the times mean nothing. */
  otherCpus: number;
}

export interface FrontierFigures extends FrontierSize {
  offer: OfferFigures;
  bytesPerWaiting: number;
  bytesPerSeen: number;
  /** Of a seed that is kept, for --again. */
  bytesPerSeed: number;
  /** Times of a dispatch with FEW waiting URLs, and with all. */
  fewWaiting: DispatchTimes;
  allWaiting: DispatchTimes;
  /**
   * From the offer of a URL of another host until it is dispatched. Measured only for a list over a single
   * host.
   */
  otherHost: { dispatches: number; milliseconds: number } | null;
  /**
   * How long it takes to read the counts of `drover status`; the waiting requests by these counts and in the
   * lanes.
   */
  status: { milliseconds: number; waiting: number; onLanes: number };
  redis: { usedBytes: number; peakBytes: number; residentBytes: number };
}

/** A frontier so short that its length cannot matter. */
export const FEW = 1000;
const WARM_ROUNDS = 5;
const ROUNDS = 30;
const DISPATCHES_A_ROUND = 10;
const READINGS = 100;
const MOST_DISPATCHES = 1000;

/** Measures a frontier of this size in a Redis of its own, which is stopped at the end. */
export async function measureFrontier(size: FrontierSize): Promise<FrontierFigures> {
  const server = await startTestRedis();
  const redis = connectRedis({ url: server.url }, 'script');
  try {
    const short = await beginFrontierCrawl(redis, 'short', Math.min(size.hosts, FEW));
    await short.enqueue(FEW);
    // Redis allocates some memory once that is not the frontier's: 25 kB for latencies of each command,
    // scripts, buffers.
    await timeDispatches([short], WARM_ROUNDS);
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
  await short.dropSeeds();
  const bytesPerSeed = (await long.dropSeeds()) / waiting;
  const usedBytes = await settledBytes(redis);

  const [fewWaiting, allWaiting] = await timeDispatches([short, long], ROUNDS);
  const otherHost = hosts === 1 ? await timeOtherHost(long) : null;
  const statusMs = await timeStatus(long);
  const counts = await long.counts();
  const onLanes = await long.onLanes();

  await long.dropLanes();
  const seenSince = counts.accepted + (await short.counts()).accepted - seenByShort;
  const bytesPerSeen = ((await settledBytes(redis)) - emptyBytes) / seenSince;
  return {
    ...{ offer, bytesPerSeen, bytesPerSeed },
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
 * Times dispatches of a whole window. As many URLs are offered after each, so that the frontiers keep their
 * lengths. The crawls take turns, so that other work of the machine affects all of them alike.
 */
async function timeDispatches<Crawls extends FrontierCrawl[]>(crawls: [...Crawls], rounds: number) {
  const times = crawls.map((): number[] => []);
  for (let round = 0; round < rounds; round++) {
    for (const [index, crawl] of crawls.entries()) {
      for (let count = 0; count < DISPATCHES_A_ROUND; count++) {
        const { milliseconds, urls } = await crawl.dispatchWindow();
        if (urls.length !== WINDOW) throw new Error(`${urls.length} were dispatched, not ${WINDOW}`);
        await crawl.offerNext(WINDOW);
        times[index]?.push(milliseconds);
      }
      await crawl.release();
    }
  }
  return times.map(dispatchTimesOf) as { [Index in keyof Crawls]: DispatchTimes };
}

function dispatchTimesOf(times: readonly number[]): DispatchTimes {
  const sorted = times.toSorted((a, b) => a - b);
  return { medianMs: median(times), percentile99Ms: sorted[Math.ceil(times.length * 0.99) - 1] ?? 0 };
}

async function timeOtherHost(crawl: FrontierCrawl): Promise<{ dispatches: number; milliseconds: number }> {
  const url = 'https://other.example/';
  await crawl.dispatchWindow(); // now the host of all other URLs has its window in flight
  const startedAt = performance.now();
  await crawl.offerOther(url);
  for (let dispatches = 1; dispatches <= MOST_DISPATCHES; dispatches++) {
    const { urls } = await crawl.dispatchWindow();
    if (urls.includes(url)) {
      const milliseconds = performance.now() - startedAt;
      await crawl.release();
      return { dispatches, milliseconds };
    }
  }
  throw new Error(`${url} was not dispatched in ${MOST_DISPATCHES} dispatches`);
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
