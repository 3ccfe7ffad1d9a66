// Shows a crawl's progress until it has ended or the user interrupts.
import type { Consumer } from '../src/crawl/consumer.ts';
import { readCounts } from '../src/crawl/crawl.ts';
import type { CrawlCounts } from '../src/crawl/progress.ts';
import type { Redis } from '../src/redis.ts';
import type { Interrupt } from './interrupt.ts';
import type { Screen } from './screen.ts';

const LOOK_MS = 250;

/** Resolves with the last counts. Rejects when offering the seeds fails. */
export async function watchCrawl(parts: {
  redis: Redis;
  shard: string;
  crawl: string;
  consumer: Consumer;
  screen: Screen;
  offering: Promise<unknown>;
  interrupt: Interrupt;
}): Promise<CrawlCounts> {
  const { redis, shard, crawl, consumer, screen, interrupt } = parts;
  let failed: unknown = null;
  let offered = false;
  parts.offering.then(
    () => {
      offered = true;
    },
    (error) => {
      failed = error ?? new Error('offering the seeds failed');
    },
  );
  for (;;) {
    const counts = await readCounts(redis, shard, crawl);
    screen.update({ counts, inFlight: consumer.inFlight(), atMs: performance.now() });
    if (failed) throw failed;
    if (interrupt.asked()) return counts;
    if (offered && (counts.state === 'finished' || counts.state === 'cancelled')) return counts;
    await Promise.race([new Promise((resolve) => setTimeout(resolve, LOOK_MS)), interrupt.wait]);
  }
}
