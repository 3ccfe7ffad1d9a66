// Shows a crawl's progress until it has ended or the user interrupts.

import type { EnqueuedSeeds } from '../../producers/seeds/offer-arguments.ts';
import { type CrawlState, readCounts } from '../../src/crawl/crawl.ts';
import type { CrawlCounts } from '../../src/crawl/progress.ts';
import { catalogue } from '../../src/errors.ts';
import type { Fleet } from '../../src/fleet.ts';
import { countOpen } from '../../src/frontier/steer.ts';
import { redisFailure } from '../../src/redis/failures.ts';
import type { Consumers } from '../processes/consumers.ts';
import type { Screen } from '../terminal/screen.ts';
import { type HeldLong, watchHeldHosts } from './held-hosts.ts';
import type { Interrupt } from './interrupt.ts';

const READ_EVERY_MS = 100;
/** The same while Redis refuses to answer. */
const AWAY_MS = 1000;
/** How long the last counts are waited for after a signal. */
const LAST_READ_MS = 500;
/**
 * After a cancel, the requests in the queue are refused within about two seconds. Later ones (a retry) are
 * not waited for.
 */
const CANCEL_MS = 4000;

export interface Seen {
  counts: CrawlCounts;
  interrupted: boolean;
  /** Number of seed lines that were not accepted. */
  badLines: number;
  /** The file that keeps them; null if there were none. */
  badLinesIn: string | null;
  /** Hosts that were paused or slowed, those that were so for longest. */
  heldHosts: readonly HeldLong[];
}

const MOST_HELD = 5;

/**
 * Resolves when the crawl has ended and all seeds are offered, when it was cancelled, or at the interrupt.
 * Rejects when offering the seeds fails, or `trouble` returns something. A paused crawl is waited for,
 * because another command may resume it.
 */
export async function watchCrawl(parts: {
  fleet: Fleet;
  crawl: string;
  /** What was read of it before. Shown at an interrupt when Redis does not answer. */
  before: CrawlCounts;
  consumers: Consumers;
  screen: Screen;
  offering: Promise<EnqueuedSeeds>;
  interrupt: Interrupt;
  /** Why going on makes no sense, such as a full disk; null while there is no reason. */
  trouble: () => unknown;
  /** The command by which the user runs drover. */
  command: string;
}): Promise<Seen> {
  const { fleet, crawl, consumers, screen, interrupt } = parts;
  const offered = settled(parts.offering);
  const say = createPauseNotice(parts);
  const heldHosts = watchHeldHosts(fleet, crawl);
  let cancelledAt: number | null = null;
  let last = parts.before;
  for (;;) {
    // Read before the counts. If it failed because the crawl was cancelled, the counts show that.
    const failure = offered.failure() ?? parts.trouble();
    const read = await unlessAway(interrupt, async () => ({
      counts: await readCounts(fleet, crawl),
      held: await heldHosts.now(),
    }));
    if (read === 'interrupted')
      return { counts: last, interrupted: true, badLines: 0, badLinesIn: null, heldHosts: [] };
    if (read === 'away') {
      if (failure && !interrupt.asked()) throw failure;
      await interrupt.pause(AWAY_MS);
      continue;
    }
    const { counts, held } = read;
    last = counts;
    screen.update({ counts, inFlight: consumers.inFlight(), atMs: performance.now(), held });
    say(counts.state);
    const totals = offered.value();
    const seen = {
      ...{ counts, interrupted: false, heldHosts: heldHosts.longest(MOST_HELD) },
      ...{ badLines: totals?.rejected ?? 0, badLinesIn: totals?.rejectedIn ?? null },
    };
    if (counts.state === 'cancelled') {
      cancelledAt ??= performance.now();
      const isOver =
        performance.now() - cancelledAt > CANCEL_MS ||
        (await interrupt.unless(countOpen(fleet, crawl))) === 0;
      if (isOver || interrupt.asked()) return seen;
    } else {
      if (totals && counts.state === 'finished') return seen;
      if (interrupt.asked()) return { ...seen, interrupted: true };
      if (failure) throw failure;
    }
    await interrupt.pause(READ_EVERY_MS);
  }
}

/**
 * What was read; 'away' when Redis refuses for now; 'interrupted' when a signal came and Redis does not
 * answer soon after it.
 */
async function unlessAway<T extends object>(
  interrupt: Interrupt,
  read: () => Promise<T>,
): Promise<T | 'away' | 'interrupted'> {
  const reading = read().catch((error): 'away' => {
    const code = redisFailure(error)?.code;
    if (code !== undefined && catalogue[code].passes) return 'away';
    throw error;
  });
  return (await interrupt.unless(reading, LAST_READ_MS)) ?? 'interrupted';
}

/** The state of a promise so far. */
function settled<T>(promise: Promise<T>): { value(): T | null; failure(): unknown } {
  let value: T | null = null;
  let failure: unknown = null;
  promise.then(
    (reached) => {
      value = reached;
    },
    (error: unknown) => {
      failure = error ?? new Error('offering the seeds failed');
    },
  );
  return { value: () => value, failure: () => failure };
}

/** Says once that the crawl is paused, even with --quiet, because it would otherwise seem to hang. */
function createPauseNotice(parts: { screen: Screen; crawl: string; command: string }) {
  const { screen, crawl, command } = parts;
  let last: CrawlState = 'running';
  return (state: CrawlState) => {
    if (state === 'paused' && last !== 'paused')
      screen.warn(`crawl ${crawl} is paused; resume it with: ${command} resume ${crawl}`);
    if (state === 'running' && last === 'paused') screen.note(`crawl ${crawl} was resumed`);
    last = state;
  };
}
