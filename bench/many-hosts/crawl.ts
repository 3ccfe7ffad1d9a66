// One crawl over many hosts through a fleet of consumers, with a sample at each tenth of its pages.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CrawlCounts } from '../../src/crawl/progress.ts';
import { withDirectory } from '../measure/measure.ts';
import { residentOf } from '../measure/process-tree.ts';
import { usageOf } from '../measure/process-use.ts';
import { withUsedMemory } from '../measure/redis-use.ts';
import { busyMeter, type Fleet, withFleet } from '../politeness/fleet.ts';
import { auditLog, type LogAudit } from './audit.ts';
import { nameOf, type Shape, settingsOf } from './hosts.ts';
import { countRecords, type RecordCount } from './records.ts';
import { type ManyHostsSite, startManyHosts } from './site.ts';

export interface ManyHostsOptions extends Shape {
  latencyMs: number;
  consumers: number;
  /** Fetches in flight in each. */
  concurrency: number;
  shards: number;
  /** Called with each sample, and with the one before. */
  note: (before: TenthSample, now: TenthSample) => void;
}

/** What was seen when so many pages had been served. CPU is in seconds since the start of each process. */
export interface TenthSample {
  pages: number;
  /** Of this process's clock. */
  atMs: number;
  cpu: { consumers: number; redis: number; site: number };
  /** Resident memory of each consumer. */
  consumerBytes: number[];
  /** Of Redis: its resident memory, and what its data take. */
  redisBytes: number;
  usedBytes: number;
}

export interface ManyHostsRun {
  /** At the start, then at each tenth of the pages. */
  samples: TenthSample[];
  counts: CrawlCounts;
  records: RecordCount;
  audit: LogAudit;
  /** The share of the machine's CPUs that all processes used. */
  busy: number;
}

const CRAWL = 'many';
const TENTHS = 10;
const LOOK_EVERY_MS = 100;
/** A crawl without any page for this time hangs. */
const SILENCE_MS = 60_000;

/** Throws an Error if the crawl hangs or a command fails. */
export function crawlManyHosts(options: ManyHostsOptions): Promise<ManyHostsRun> {
  const { note: _, consumers: __, concurrency: ___, shards, ...site } = options;
  return withDirectory(async (directory) => {
    const log = join(directory, 'server.log');
    const server = await startManyHosts({ ...site, log });
    try {
      const settings = { ...settingsOf(options), ...(shards > 1 ? { shards } : {}) };
      return await withFleet(settings, async (fleet) => {
        const { samples, busy } = await crawl(fleet, server, options);
        const counts = await fleet.finished(CRAWL);
        await server.flush();
        const records = await countRecords(join(fleet.directory, '.drover', 'records'), options);
        return { samples, counts, records, audit: auditLog(await readFile(log), options), busy };
      });
    } finally {
      await server.stop();
    }
  });
}

async function crawl(
  fleet: Fleet,
  site: ManyHostsSite,
  { hosts, pagesPerHost, consumers, concurrency, note }: ManyHostsOptions,
): Promise<{ samples: TenthSample[]; busy: number }> {
  const seed = `http://${nameOf(0)}:${site.port}/`;
  await fleet.run([
    ...['enqueue', seed, '--crawl', CRAWL, '--scope', 'any', '--allow-private', '127.0.0.1/32', '--quiet'],
  ]);
  const resolve = ['--resolve', `*:${site.port}:127.0.0.1`, '--processes', '1'];
  const pids = Array.from({ length: consumers }, () => fleet.consume(concurrency, resolve).pid);
  await untilPages(site, 1); // the consumers have started the Redis by then
  const redisPid = await fleet.redisPid();
  return withUsedMemory(join(fleet.directory, '.drover', 'redis', 'redis.sock'), async (used) => {
    const sample = async (pages: number): Promise<TenthSample> => ({
      pages,
      atMs: performance.now(),
      cpu: {
        consumers: pids.reduce((sum, pid) => sum + usageOf(pid).cpuSeconds, 0),
        redis: usageOf(redisPid).cpuSeconds,
        site: usageOf(site.pid).cpuSeconds,
      },
      consumerBytes: pids.map((pid) => residentOf(pid)),
      redisBytes: residentOf(redisPid),
      usedBytes: await used(),
    });
    const busySince = busyMeter();
    const samples = [await sample(0)];
    for (let tenth = 1; tenth <= TENTHS; tenth++) {
      const pages = await untilPages(site, Math.ceil((hosts * pagesPerHost * tenth) / TENTHS));
      const now = await sample(pages);
      note(samples[tenth - 1] ?? now, now);
      samples.push(now);
    }
    return { samples, busy: busySince() };
  });
}

/** Waits until so many pages were served. Resolves to how many they are then. */
async function untilPages(site: ManyHostsSite, wanted: number): Promise<number> {
  let [pages, since] = [0, performance.now()];
  for (;;) {
    const now = await site.pages();
    if (now > pages) [pages, since] = [now, performance.now()];
    if (pages >= wanted) return pages;
    if (performance.now() - since > SILENCE_MS)
      throw new Error(`${pages} of ${wanted} pages, and no more for a minute`);
    await sleep(LOOK_EVERY_MS);
  }
}
