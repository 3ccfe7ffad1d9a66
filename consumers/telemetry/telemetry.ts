// Puts together what observes a consumer: meters, reports, tail and heartbeat.

import { basename } from 'node:path';
import type { Settings } from '../../src/config/settings.ts';
import type { ProxyStanding } from '../../src/fetch/proxy/rotation.ts';
import { createHeartbeat, type Heartbeat, type Identification } from '../../src/fleet/heartbeat.ts';
import { createTail } from '../../src/fleet/live-tail.ts';
import { createMeters, type Meters } from '../../src/fleet/meters.ts';
import { proxiesToTell } from '../../src/fleet/proxies.ts';
import type { TroubleLog } from '../../src/fleet/trouble-log.ts';
import { connectionsOf, type Fleet } from '../../src/fleet.ts';
import type { Log } from '../../src/log.ts';
import { gathered } from '../../src/metrics.ts';
import type { RecordWriters } from '../../src/records/stores.ts';
import { watchScripts } from '../../src/scripts.ts';
import type { Reports, Traces } from '../context.ts';
import { countEnded } from './ended-pages.ts';
import { createReports } from './job-report.ts';
import { type WatchedStores, watchStores } from './watched-stores.ts';

export interface Telemetry {
  meters: Meters;
  reports: Reports;
  /** How many requests it has ended. */
  pages(): number;
  watchStores(stores: RecordWriters): RecordWriters;
  /** `counts` tells what the consumer has in hand. The caller then beats the heartbeat once a second. */
  startHeartbeat(counts: () => Counts): Heartbeat;
}

/** What a consumer has in hand. `threads`: pages of blocking handlers, on threads and waiting for one. */
interface Counts {
  isStopping: boolean;
  inFlight: number;
  held: number;
  awaited: number;
  threads: { busy: number; waiting: number };
  proxies: readonly ProxyStanding[];
}

/** OpenTelemetry loads slowly, so it is loaded only when it is asked for. */
export async function tracesOf(settings: Settings, consumer: string, log: Log): Promise<Traces | null> {
  if (settings.otelEndpoint === null) return null;
  const { openTraces } = await import('./traces.ts');
  return openTraces({ endpoint: settings.otelEndpoint, consumer, log });
}

export function startTelemetry(parts: {
  fleet: Fleet;
  consumer: string;
  who: Identification;
  log: Log;
  traces: Traces | null;
  troubles: TroubleLog;
  /** Told once a second which format the namespace has. */
  onFormat: (format: number) => void;
}): Telemetry {
  const { fleet, consumer, who, log, traces, troubles, onFormat } = parts;
  const ended = countEnded();
  const onError = (error: unknown) => troubles.note(error, 'redis');
  const meters = createMeters();
  const onSkipped = (count: number) => meters.count(gathered.tailSkipped, null, count);
  const tail = createTail({ fleet, onSkipped, onError });
  let stores: WatchedStores | null = null;
  const names = new Map<string, string>();
  for (const redis of connectionsOf(fleet))
    watchScripts(redis, (path, ms) => {
      const name = names.get(path) ?? basename(path, '.lua');
      names.set(path, name);
      meters.observe(gathered.redis, name, ms);
    });
  return {
    meters,
    reports: createReports({ meters, tail, log, troubles, traces, onEnd: ended.count }),
    pages: ended.pages,
    watchStores(inner) {
      stores = watchStores(inner, (ms) => meters.observe(gathered.store, null, ms));
      return stores;
    },
    startHeartbeat(counts) {
      const standing = () => {
        const { isStopping, inFlight, held, awaited, threads, proxies } = counts();
        return {
          ...who,
          ...ended.read(),
          isStopping,
          inFlight,
          slotsHeld: held,
          slotsAwaited: awaited,
          threadsBusy: threads.busy,
          threadsAwaited: threads.waiting,
          storeLagMs: Math.round(stores?.lagMs() ?? 0),
          ...(proxies.length > 0 ? { proxies: proxiesToTell(proxies) } : {}),
        };
      };
      const onTailWanted = (isWanted: boolean) => tail.want(isWanted);
      const told = { standing, onTailWanted, onFormat };
      const heartbeat = createHeartbeat({ fleet, consumer, meters, log, ...told });
      // So the consumer counts as alive from the start, and knows whether the tail is wanted.
      heartbeat.beat().catch(onError);
      return {
        beat: () => heartbeat.beat(),
        async stop() {
          tail.stop();
          await heartbeat.stop();
        },
      };
    },
  };
}
