// Measures waiting: how much CPU a fleet uses that has nothing to do for minutes, and how late a request
// starts after its due time.
import { setTimeout as sleep } from 'node:timers/promises';
import type { LogEntry, Site } from '../../test/support/site/site.ts';
import { startSite } from '../../test/support/site/site.ts';
import { usageOf } from '../measure/process-use.ts';
import { busyMeter, type Fleet, untilServed, withFleet } from './fleet.ts';
import { listOf } from './hosts.ts';

const CONCURRENCY = 50;

export interface IdleUse {
  hosts: number;
  seconds: number;
  /** The number of CPUs that were kept busy: 0.03 is 3 % of one. */
  consumer: number;
  redis: number;
}

/** Measures while 1,000 hosts wait for ten minutes: each has had its first URL fetched, and two more wait. */
export function idleUse(): Promise<IdleUse> {
  const [hosts, seconds] = [1000, 20];
  return withWaitingHosts({ hosts, urlsEach: 3, delay: '10m' }, async ({ fleet, site, crawl }) => {
    const { pid } = fleet.consume(CONCURRENCY);
    await untilServed(site, hosts);
    await sleep(2000); // until the last records are written and the last slots released
    const redisPid = await fleet.redisPid();
    const cpu = () => [usageOf(pid).cpuSeconds, usageOf(redisPid).cpuSeconds] as const;
    const [consumerBefore, redisBefore] = cpu();
    await sleep(seconds * 1000);
    const [consumer, redis] = cpu();
    if ((await site.ended()) !== hosts) throw new Error('the fleet was not idle: this measured nothing');
    if ((await fleet.status(crawl)).waiting !== 2 * hosts) throw new Error('there was nothing to wait for');
    return {
      hosts,
      seconds,
      consumer: (consumer - consumerBefore) / seconds,
      redis: (redis - redisBefore) / seconds,
    };
  });
}

export interface Lateness {
  starts: number;
  medianMs: number;
  percentile99Ms: number;
  mostMs: number;
  /** The share of the machine's CPUs that was used, see busyMeter. */
  busy: number;
}

/**
 * Measures how late each request starts at 50 hosts with a delay of 3 s, without the first one of each host.
 */
export function lateness(): Promise<Lateness> {
  const [hosts, urlsEach, delayMs] = [50, 5, 3000];
  return withWaitingHosts({ hosts, urlsEach, delay: `${delayMs}ms` }, async ({ fleet, site, crawl }) => {
    const busySince = busyMeter();
    for (let consumer = 0; consumer < 3; consumer++) fleet.consume(CONCURRENCY);
    await untilServed(site, hosts * urlsEach);
    const busy = busySince();
    await fleet.finished(crawl);
    const byHost = Map.groupBy(await site.log(), ({ host }) => host);
    const lateMs = [...byHost.values()].flatMap((log) => gapsOf(log).map((gap) => gap - delayMs));
    const sorted = lateMs.toSorted((a, b) => a - b);
    const at = (share: number) => sorted[Math.ceil(share * sorted.length) - 1] ?? Number.NaN;
    return { starts: sorted.length, medianMs: at(0.5), percentile99Ms: at(0.99), mostMs: at(1), busy };
  });
}

interface Waiting {
  hosts: number;
  urlsEach: number;
  delay: string;
}

/**
 * Runs `work` with a site of `hosts` hosts and a crawl of all their URLs, which no consumer has begun yet.
 */
async function withWaitingHosts<T>(
  { hosts, urlsEach, delay }: Waiting,
  work: (scene: { fleet: Fleet; site: Site; crawl: string }) => Promise<T>,
): Promise<T> {
  const site = await startSite({ hosts, pages: urlsEach, linksPerPage: 1, bytes: 2000, punctual: true });
  const list = listOf(site.urls, Array(hosts).fill(urlsEach));
  const crawl = 'quiet';
  try {
    return await withFleet({ delay, ignoreRobots: true }, async (fleet) => {
      await fleet.enqueue(crawl, list);
      return await work({ fleet, site, crawl });
    });
  } finally {
    await site.stop();
  }
}

function gapsOf(log: readonly LogEntry[]): number[] {
  const starts = log.map(({ start }) => start).toSorted((a, b) => a - b);
  return starts.slice(1).map((start, index) => start - (starts[index] ?? start));
}
