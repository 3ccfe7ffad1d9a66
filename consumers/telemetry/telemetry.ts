// All that looks on while a consumer works: meters, reports, tail and pulse, put together.
import { basename } from 'node:path';
import { createPulse, type Pulse } from '../../src/fleet/heartbeat.ts';
import { createTail } from '../../src/fleet/live-tail.ts';
import { createMeters, type Meters } from '../../src/fleet/meters.ts';
import type { Log } from '../../src/log.ts';
import { gathered } from '../../src/metrics.ts';
import type { Sink } from '../../src/records/store.ts';
import type { Redis } from '../../src/redis.ts';
import { watchScripts } from '../../src/scripts.ts';
import type { Reports, Traces } from '../context.ts';
import { createReports } from './job-report.ts';
import { type WatchedSink, watchSink } from './watched-store.ts';

export interface Onlookers {
  meters: Meters;
  reports: Reports;
  watchSink(sink: Sink): Sink;
  /** `counts` says what the consumer has in hand. Its pulse is then to be beaten once a second. */
  startPulse(counts: () => { inFlight: number; held: number; awaited: number }): Pulse;
}

export function lookOn(parts: {
  redis: Redis;
  shard: string;
  consumer: string;
  log: Log;
  traces: Traces | null;
  onError: (error: unknown) => void;
}): Onlookers {
  const { redis, shard, consumer, log, traces, onError } = parts;
  const meters = createMeters();
  const onSkipped = (count: number) => meters.count(gathered.tailSkipped, null, count);
  const tail = createTail({ redis, shard, onSkipped, onError });
  let sink: WatchedSink | null = null;
  const names = new Map<string, string>();
  watchScripts(redis, (path, ms) => {
    const name = names.get(path) ?? basename(path, '.lua');
    names.set(path, name);
    meters.observe(gathered.redis, name, ms);
  });
  return {
    meters,
    reports: createReports({ meters, tail, log, traces }),
    watchSink(inner) {
      sink = watchSink(inner, (ms) => meters.observe(gathered.store, null, ms));
      return sink;
    },
    startPulse(counts) {
      const standing = () => {
        const { inFlight, held, awaited } = counts();
        return {
          inFlight,
          slotsHeld: held,
          slotsAwaited: awaited,
          sinkLagMs: Math.round(sink?.lagMs() ?? 0),
        };
      };
      const onTailWanted = (isWanted: boolean) => tail.want(isWanted);
      const pulse = createPulse({ redis, shard, consumer, meters, standing, onTailWanted, log });
      // It is counted among those alive from the beginning, and knows whether the tail is wanted.
      pulse.beat().catch(onError);
      return {
        beat: () => pulse.beat(),
        async stop() {
          tail.stop();
          await pulse.stop();
        },
      };
    },
  };
}
