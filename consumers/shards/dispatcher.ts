// The dispatcher. Each dispatch gives slots back and brings due requests from the frontier into the
// queue.

import type { Fleet } from '../../src/fleet.ts';
import { dispatch, type Handed, type Release, type Start } from '../../src/frontier/dispatch.ts';
import { jobIdOf } from '../../src/keys.ts';
import { LEASE_MS } from '../../src/politeness/slot.ts';
import type { JobStart } from '../../src/queue/job-data.ts';
import { enqueueJobs, type QueuedRequest, type RequestQueue } from '../../src/queue/queue.ts';

/** The least time until a dispatch, so that many releases share one. */
const SHORTEST_MS = 1;
/**
 * The least time between two dispatches of a shard, for each shard of the fleet beyond the first: each has
 * less to do, so that less would share one.
 */
const PACE_MS = 2;
/** When nothing is due, how often to look at the frontier for what other processes have offered. */
const IDLE_MS = 200;
/** The longest time after a hand-over until its arrival is reported. */
const REPORT_MS = 10;

export interface Dispatcher {
  /** Gives a slot back with the next dispatch. */
  release(slot: Release): void;
  /** Asks for a dispatch soon, because something may be due. */
  kick(): void;
  /** How many jobs waited in the queue at the last dispatch. */
  waiting(): number;
  stop(): Promise<void>;
}

export function createDispatcher(parts: {
  fleet: Fleet;
  queue: RequestQueue;
  /** The id of one crawl, or '*' for all. */
  serve: string;
  /** Whether this process takes jobs of the shard. If not, it only gives slots back there. */
  isServed: boolean;
  /** How many jobs should wait in the queue now. */
  wanted: () => number;
  onError: (error: unknown) => void;
}): Dispatcher {
  const { fleet, queue, serve } = parts;
  let releases: Release[] = [];
  let arrived: string[] = [];
  let timer: NodeJS.Timeout | null = null;
  let timerAt = Number.POSITIVE_INFINITY;
  const adding = new Set<Promise<void>>();
  let running: Promise<void> | null = null;
  let stopped = !parts.isServed;
  let waiting = 0;
  let lastAt = Number.NEGATIVE_INFINITY;
  const paceMs = PACE_MS * (fleet.shards.length - 1);

  function schedule(afterMs: number): void {
    if (running || (stopped && releases.length === 0 && arrived.length === 0)) return;
    const now = performance.now();
    const at = Math.max(now + afterMs, lastAt + paceMs);
    if (timer && timerAt <= at) return;
    if (timer) clearTimeout(timer);
    timerAt = at;
    timer = setTimeout(start, at - now);
  }

  function start(): void {
    timer = null;
    timerAt = Number.POSITIVE_INFINITY;
    lastAt = performance.now();
    running = dispatchOnce()
      .then(
        (nextMs) => (releases.length > 0 ? SHORTEST_MS : nextMs),
        (error) => {
          parts.onError(error);
          return IDLE_MS; // what could not be given back is no reason to hurry
        },
      )
      .then((afterMs) => {
        running = null;
        schedule(afterMs);
      });
  }

  async function dispatchOnce(): Promise<number> {
    const [given, reported] = [releases, arrived];
    releases = [];
    arrived = [];
    try {
      const askedAt = Date.now();
      const taken = await dispatch(fleet, {
        serve,
        wanted: stopped ? 0 : parts.wanted(),
        leaseMs: LEASE_MS,
        releases: given,
        arrived: reported,
      });
      waiting = taken.waiting;
      if (taken.handed.length === 0)
        return Math.min(IDLE_MS, Math.max(SHORTEST_MS, taken.nextDueMs ?? IDLE_MS));
      adding.add(add(taken.handed, askedAt));
      return REPORT_MS;
    } catch (error) {
      // To give back or report twice does no harm. To do neither would cost the length of a lease.
      releases.push(...given);
      arrived.push(...reported);
      throw error;
    }
  }

  /** The next dispatch need not wait for this: a request that has not arrived counts as on its way. */
  function add(handed: Handed[], givenAt: number): Promise<void> {
    const jobs = handed.map((request) => queuedRequest(request, givenAt));
    const done = enqueueJobs(queue, jobs)
      .then(() => {
        for (const { crawl, id } of handed) arrived.push(jobIdOf(crawl, id));
        schedule(SHORTEST_MS);
      }, parts.onError)
      .finally(() => adding.delete(done));
    return done;
  }

  schedule(0);
  return {
    release(slot) {
      releases.push(slot);
      schedule(SHORTEST_MS);
    },
    kick: () => schedule(SHORTEST_MS),
    waiting: () => waiting,
    async stop() {
      stopped = true;
      if (timer) clearTimeout(timer);
      timer = null;
      await running;
      await Promise.all(adding);
      if (timer) clearTimeout(timer);
      if (releases.length > 0 || arrived.length > 0) await dispatchOnce().catch(parts.onError);
    },
  };
}

function queuedRequest({ crawl, id, packed, start }: Handed, givenAt: number): QueuedRequest {
  return { jobId: jobIdOf(crawl, id), packed, start: jobStart(start, givenAt) };
}

/** Reads the one word in which src/frontier/dispatch.ts says how a request starts. */
function jobStart(start: Start, givenAt: number): JobStart {
  if (start === 'ask') return { kind: 'ask' };
  if (start === 'ahead') return { kind: 'ahead', givenAt };
  return { kind: 'granted', server: start.slice('fetch@'.length), givenAt };
}
