// The heartbeat: once a second, a consumer writes its counts and its state to Redis and learns whether
// anybody watches the live tail.

import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Fleet } from '../fleet.ts';
import type { Log } from '../log.ts';
import { defineScript, type ScriptArgument } from '../scripts.ts';
import type { Meters } from './meters.ts';
import type { ToldProxies } from './proxies.ts';

/** Who a member of the fleet is. */
export interface Identification {
  kind: 'consumer' | 'api';
  /** The name of its machine, or of its container. */
  host: string;
  pid: number;
  /** Of drover. */
  version: string;
  /** The one crawl whose frontier it brings into the queue, or '*' for all crawls. Of a server: '*'. */
  serves: string;
  /** The numbers of the shards that it serves; absent if it serves all. */
  shards?: readonly number[];
  /** How many fetches it may have in flight; a server fetches nothing. */
  concurrency: number;
}

/** The state of one consumer. Times in milliseconds, memory in bytes. */
export interface Standing extends Identification {
  /** How long it has consumed. */
  uptimeMs: number;
  /** It takes nothing new, and ends what it has in hand. */
  isStopping: boolean;
  /** Requests that it has ended, and how many a second in the last ten seconds. */
  pages: number;
  pagesPerSecond: number;
  inFlight: number;
  slotsHeld: number;
  slotsAwaited: number;
  /** Pages of blocking handlers that run on threads, and that wait for one. */
  threadsBusy: number;
  threadsAwaited: number;
  /** Delay of its event loop since the last heartbeat. */
  loop: { p50: number; p99: number; max: number };
  /** Age of its oldest record that is not durable yet. */
  storeLagMs: number;
  resident: number;
  heap: number;
  /** Absent if it uses none. */
  proxies?: ToldProxies;
}

/**
 * A dead consumer's state is deleted after this time. For the same time, Redis recognises a heartbeat that is
 * sent again.
 */
const KEPT_MS = 600_000;
/** Interval of measuring the event loop. The histogram counts it as a part of each delay. */
const RESOLUTION_MS = 20;
/** A delay of the event loop above this is logged, because it delays everything that the consumer does. */
const LATE_MS = 1000;

/**
 * One heartbeat, numbered from 1: how it stands (JSON, '' when it leaves); pairs of a metric's field and what
 * to add.
 */
export interface Beat {
  consumer: string;
  beat: number;
  standing: string;
  counted: readonly ScriptArgument[];
}

/** Answers whether somebody listens to the tail, and the format that the namespace has now. */
export const heartbeatScript = defineScript({
  path: 'fleet/lua/heartbeat.lua',
  key: (keys) => keys.metrics,
  args: ({ consumer, beat, standing, counted }: Beat) => [consumer, beat, standing, KEPT_MS, ...counted],
  answer: (reply) => {
    const [wanted, format] = reply as [number, number];
    return { isTailWanted: wanted === 1, format };
  },
});

export interface Heartbeat {
  /**
   * Sends the next heartbeat; at most one is sent at a time. Rejects when Redis fails; the counts are then
   * sent with a later heartbeat.
   */
  beat(): Promise<void>;
  /**
   * Sends the last two heartbeats: the remaining counts and the last state, and that the consumer has left.
   */
  stop(): Promise<void>;
}

export function createHeartbeat(parts: {
  fleet: Fleet;
  consumer: string;
  meters: Meters;
  standing: () => Omit<Standing, 'loop' | 'resident' | 'heap' | 'uptimeMs'>;
  onTailWanted: (isWanted: boolean) => void;
  /** Told each time which format the namespace has: another version may have changed it. */
  onFormat: (format: number) => void;
  log: Log;
}): Heartbeat {
  const { fleet, consumer, meters } = parts;
  const began = performance.now();
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delays.enable();
  let beats = 0;
  let unsent: Beat | null = null;
  let running: Promise<void> | null = null;

  async function send(standing: string): Promise<void> {
    // If the last heartbeat may not have arrived, the same one is sent again. Redis ignores it if it did
    // arrive.
    unsent ??= { consumer, beat: ++beats, standing, counted: meters.take() };
    const { isTailWanted, format } = await fleet.run(heartbeatScript, unsent);
    unsent = null;
    parts.onTailWanted(isTailWanted);
    parts.onFormat(format);
  }

  function stand(): string {
    const loop = delaysOf(delays);
    delays.reset();
    if (loop.max > LATE_MS) parts.log.warn({ delayMs: loop.max }, 'the event loop was blocked');
    const { rss: resident, heapUsed: heap } = process.memoryUsage();
    const uptimeMs = Math.round(performance.now() - began);
    const standing: Standing = { ...parts.standing(), uptimeMs, loop, resident, heap };
    return JSON.stringify(standing);
  }

  return {
    beat() {
      running ??= send(stand()).finally(() => {
        running = null;
      });
      return running;
    },
    async stop() {
      await running?.catch(() => undefined);
      if (unsent) await send('');
      await send(stand());
      delays.disable();
      await send('');
    },
  };
}

function delaysOf(delays: ReturnType<typeof monitorEventLoopDelay>): Standing['loop'] {
  const late = (nanoseconds: number) =>
    Math.max(0, Math.round((nanoseconds / 1e6 - RESOLUTION_MS) * 100) / 100) || 0;
  return {
    p50: late(delays.percentile(50)),
    p99: late(delays.percentile(99)),
    max: late(delays.max),
  };
}
