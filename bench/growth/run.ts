// One crawl of a site of a given size, measured: drover as a user starts it, with a Redis of its own.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { bundledDrover } from '../../test/support/project/bundle.ts';
import { countLines } from '../measure/lines.ts';
import { runMeasured, withDirectory } from '../measure/measure.ts';
import { watchMemory } from '../measure/process-tree.ts';
import { usageOf } from '../measure/process-use.ts';
import { watchRedis } from '../measure/redis-use.ts';
import { startGrowthSite } from './site.ts';

/** Of drover with all its processes, and of its Redis. */
interface Both {
  drover: number;
  redis: number;
}

export interface GrowthFigures {
  /** All pages of the site, with its root. */
  pages: number;
  /** From the first request to the end of the last, by the site's clock. */
  seconds: number;
  /** From the start of the command to its end. */
  wallSeconds: number;
  /** CPU seconds for 1,000 pages. */
  cpu: Both;
  peakBytes: Both;
  /** The median of the second half of the time. */
  steadyBytes: Both;
  /** CPUs that other processes kept busy. */
  otherCpus: number;
}

/** No crawl is as slow as this, but one that hangs. */
const LEAST_PAGES_PER_SECOND = 50;

/** Throws an Error if a page was not fetched, or has no record or two. */
export async function growthRun(pages: number, concurrency: number): Promise<GrowthFigures> {
  const site = await startGrowthSite({ pages: pages - 1, linksPerPage: 20, bytes: 10_000 });
  try {
    return await withDirectory(async (directory) => {
      const before = usageOf(site.pid).cpuSeconds;
      const { result, redis } = await watchRedis(async ({ url, pid }) => {
        const memory = watchMemory(() => [pid]);
        const ran = await runMeasured(
          [
            ...[process.execPath, bundledDrover(), 'crawl', `${site.url}/`, '--quiet'],
            ...['-c', String(concurrency), '--per-host', String(concurrency)],
            ...['--allow-private', '127.0.0.1/32', '--redis', url, '--data-dir', directory],
          ],
          { limitMs: 1000 * (600 + pages / LEAST_PAGES_PER_SECOND) },
        );
        return { ...ran, redisMemory: memory.stop() };
      });
      const siteSeconds = usageOf(site.pid).cpuSeconds - before;
      const served = await site.served();
      mustBe('pages were fetched', served.different, pages);
      mustBe('records were written', await linesBelow(join(directory, 'records')), pages);
      const { usage, redisMemory, busySeconds, wallSeconds } = result;
      const others = busySeconds - usage.cpuSeconds - redis.cpuSeconds - siteSeconds;
      return {
        ...{ pages, seconds: served.seconds, wallSeconds },
        cpu: { drover: (1000 * usage.cpuSeconds) / pages, redis: (1000 * redis.cpuSeconds) / pages },
        peakBytes: { drover: usage.peakBytes, redis: redisMemory.peakBytes },
        steadyBytes: { drover: usage.steadyBytes, redis: redisMemory.steadyBytes },
        otherCpus: Math.max(0, others) / wallSeconds,
      };
    });
  } finally {
    await site.stop();
  }
}

function mustBe(what: string, count: number, pages: number): void {
  if (count !== pages) throw new Error(`${count} ${what}, not ${pages}: this measured nothing`);
}

/** The lines of all files below a folder. */
async function linesBelow(folder: string): Promise<number> {
  let lines = 0;
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true }))
    if (entry.isFile() && entry.name.endsWith('.jsonl'))
      lines += await countLines(join(entry.parentPath, entry.name));
  return lines;
}
