// A crawl for measuring the frontier: a list is offered as a producer does it, and dispatched as a consumer
// does it.

import { Readable } from 'node:stream';
import { type Enqueuing, enqueue } from '../../producers/enqueue.ts';
import { defaultSettings } from '../../src/config/settings.ts';
import { readCounts } from '../../src/crawl/crawl.ts';
import type { CrawlCounts } from '../../src/crawl/progress.ts';
import { fleetOf } from '../../src/fleet.ts';
import { BATCH, offer } from '../../src/frontier/offer.ts';
import { keysOf, namespaceOf } from '../../src/keys.ts';
import type { Redis } from '../../src/redis.ts';
import { createDispatch, type Dispatch, WINDOW } from './dispatch.ts';
import { dropLanes, lengthOfLanes } from './lanes.ts';
import { listOf, urlAt } from './list.ts';

const NAMESPACE = namespaceOf(defaultSettings.namespace);
/**
 * The number of offers in flight that are not measured, so that Redis has work while the next one is
 * prepared.
 */
const OFFERS_IN_FLIGHT = 3;
/** The number of offers after which the lanes are deleted. */
const OFFERS_A_DROP = 100;

export interface FrontierCrawl extends Dispatch {
  /**
   * Offers the next `count` URLs of the list as `drover enqueue -` does, from bytes to lines to requests to
   * batches. Returns the seconds that it took.
   */
  enqueue(count: number): Promise<number>;
  /** Offers the next `count` URLs, which then do not wait: they are in the seen set and count as recorded. */
  pass(count: number): Promise<void>;
  /** Offers the next `count` URLs, at most BATCH, in one batch. */
  offerNext(count: number): Promise<void>;
  /** Offers a URL that is not in the list. */
  offerOther(url: string): Promise<void>;
  /** The counts that `drover status` reads. */
  counts(): Promise<CrawlCounts>;
  /** The number of requests in the lanes, counted there. */
  onLanes(): Promise<number>;
  /** Deletes what is kept of the seeds that were enqueued. Returns how many bytes it took. */
  dropSeeds(): Promise<number>;
  /** Deletes the lanes. The seen set stays. */
  dropLanes(): Promise<void>;
}

/** Begins a crawl of a list over `hosts` hosts. Each host may have a whole window in flight. */
export async function beginFrontierCrawl(redis: Redis, name: string, hosts: number): Promise<FrontierCrawl> {
  const settings = { ...defaultSettings, perHost: WINDOW, maxFrontier: Number.MAX_SAFE_INTEGER };
  const producer = await enqueue({ fleet: fleetOf(redis, NAMESPACE), settings, name, seeds: ['-'] });
  const crawl = producer.id;
  const lanes = { namespace: NAMESPACE, crawl, hosts };
  let next = 0;

  function offerNext(count: number): Promise<void> {
    const urls = Array.from({ length: count }, () => urlAt(next++, hosts));
    return offerAll(redis, crawl, urls);
  }

  return {
    ...createDispatch(fleetOf(redis, NAMESPACE), crawl),
    async enqueue(count) {
      const list = listOf(next, next + count, hosts);
      next += count;
      return timeProducer(producer, list, count);
    },
    async pass(count) {
      for (let left = count; left > 0; left -= BATCH * OFFERS_A_DROP) {
        const some = Math.min(left, BATCH * OFFERS_A_DROP);
        await inFlight(some, offerNext);
        await dropLanes(redis, lanes);
        await redis.hincrby(keysOf(NAMESPACE).crawl(crawl), 'recorded', some);
      }
    },
    offerNext,
    offerOther: (url) => offerAll(redis, crawl, [url]),
    counts: () => readCounts(fleetOf(redis, NAMESPACE), crawl),
    onLanes: () => lengthOfLanes(redis, lanes),
    async dropSeeds() {
      const key = keysOf(NAMESPACE).seeds(crawl);
      const bytes = await redis.memory('USAGE', key, 'SAMPLES', 0);
      await redis.del(key);
      return bytes ?? 0;
    },
    dropLanes: () => dropLanes(redis, lanes),
  };
}

async function offerAll(redis: Redis, crawl: string, urls: readonly string[]): Promise<void> {
  const requests = urls.map((url) => ({ url, depth: 0, referrer: null, extras: null }));
  const offered = await offer(fleetOf(redis, NAMESPACE), crawl, requests);
  if (offered?.added !== urls.length) throw new Error(`${offered?.added} of ${urls.length} were new`);
}

/** The seconds that a producer needs. Making the list takes about 1 µs of it for each URL. */
async function timeProducer(producer: Enqueuing, list: Iterable<Buffer>, count: number): Promise<number> {
  const stdin = Readable.from(list, { objectMode: false });
  const bad: string[] = [];
  const startedAt = performance.now();
  const totals = await producer.run({
    ...{ stdin, stopped: () => false, onNotice: () => undefined },
    onBadLine: (line) => bad.push(line),
  });
  const seconds = (performance.now() - startedAt) / 1000;
  if (totals.accepted !== count) throw new Error(`${totals.accepted} of ${count} accepted: ${bad[0]}`);
  return seconds;
}

async function inFlight(count: number, offerNext: (count: number) => Promise<void>): Promise<void> {
  const flight: Promise<void>[] = [];
  for (let left = count; left > 0; left -= BATCH) {
    if (flight.length >= OFFERS_IN_FLIGHT) await flight.shift();
    flight.push(offerNext(Math.min(left, BATCH)));
  }
  await Promise.all(flight);
}
