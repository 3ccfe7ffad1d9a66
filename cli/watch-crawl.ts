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

/** Resolves when the crawl has ended and its seeds are offered, or at the interrupt. Rejects when offering the seeds fails. */
export async function watchCrawl(parts: {
  redis: Redis;
  shard: string;
  crawl: string;
  consumer: Consumer;
  screen: Screen;
  offering: Promise<OfferTotals>;
  interrupt: Interrupt;
}): Promise<Seen> {
  const { redis, shard, crawl, consumer, screen, interrupt } = parts;
  let totals: OfferTotals | null = null;
  const offered = parts.offering.then((reached) => {
    totals = reached;
  });
  offered.catch(() => undefined); // seen below
  for (;;) {
    const counts = await readCounts(redis, shard, crawl);
    screen.update({ counts, inFlight: consumer.inFlight(), atMs: performance.now() });
    const ended = totals !== null && (counts.state === 'finished' || counts.state === 'cancelled');
    if (ended || interrupt.asked()) {
      return { counts, interrupted: !ended, badLines: (totals as OfferTotals | null)?.rejected ?? 0 };
    }
    const pause = new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    // Until the seeds are offered, their failure ends the wait; afterwards only the clock and the user do.
    await Promise.race(
      totals === null ? [pause, interrupt.wait, offered.then(() => pause)] : [pause, interrupt.wait],
    );
  }
}
