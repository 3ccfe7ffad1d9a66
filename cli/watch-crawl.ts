// Shows a crawl's progress until it has ended or the user interrupts.
import type { Consumer } from '../src/crawl/consumer.ts';
import { readCounts } from '../src/crawl/crawl.ts';
import type { OfferTotals } from '../src/crawl/offer-seeds.ts';
import type { CrawlCounts } from '../src/crawl/progress.ts';
import type { Redis } from '../src/redis.ts';
import type { Interrupt } from './interrupt.ts';
import type { Screen } from './screen.ts';

const LOOK_MS = 100;

export interface Seen {
  counts: CrawlCounts;
  interrupted: boolean;
  /** Lines of the seeds that were not accepted. */
  badLines: number;
}

/** Resolves when the crawl has ended and its seeds are offered, or at the interrupt. Rejects when offering the seeds fails, or trouble comes. */
export async function watchCrawl(parts: {
  redis: Redis;
  shard: string;
  crawl: string;
  consumer: Consumer;
  screen: Screen;
  offering: Promise<OfferTotals>;
  interrupt: Interrupt;
  /** What makes it senseless to go on, such as a full disk; null while there is nothing. */
  trouble: () => unknown;
}): Promise<Seen> {
  const { redis, shard, crawl, consumer, screen, interrupt } = parts;
  let totals: OfferTotals | null = null;
  const failures: unknown[] = [];
  parts.offering.then(
    (reached) => {
      totals = reached;
    },
    (error: unknown) => {
      failures.push(error ?? new Error('offering the seeds failed'));
    },
  );
  for (;;) {
    const counts = await readCounts(redis, shard, crawl);
    screen.update({ counts, inFlight: consumer.inFlight(), atMs: performance.now() });
    const ended = totals !== null && (counts.state === 'finished' || counts.state === 'cancelled');
    if (ended || interrupt.asked()) {
      return { counts, interrupted: !ended, badLines: (totals as OfferTotals | null)?.rejected ?? 0 };
    }
    const failure = failures[0] ?? parts.trouble();
    if (failure) throw failure;
    await interrupt.pause(LOOK_MS);
  }
}
