// A server of the API as a member of the fleet: it tells once a second that it is there, and hears whether
// another version has changed the namespace.
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DroverError } from '../errors.ts';
import type { Fleet } from '../fleet.ts';
import type { Log } from '../log.ts';
import { formatFailure } from './format.ts';
import { createHeartbeat } from './heartbeat.ts';
import { repeat } from './interval.ts';
import { createMeters } from './meters.ts';

/** How often it tells that it is there, and how long it waits for Redis to take note that it has left. */
const BEAT_MS = 1000;
const LEAVE_MS = 1000;

/** Makes it one, until it leaves. `onOutdated` is called once, when another version has taken over. */
export function announceServer(parts: {
  fleet: Fleet;
  log: Log;
  version: string;
  onOutdated: (failure: DroverError) => void;
  isStopping: () => boolean;
}): { leave(): Promise<void> } {
  const { fleet, log, version, isStopping } = parts;
  const [host, { pid }] = [hostname(), process];
  const who = { kind: 'api', host, pid, version, serves: '*', concurrency: 0 } as const;
  const slots = { inFlight: 0, slotsHeld: 0, slotsAwaited: 0 };
  const nothing = { ...slots, pages: 0, pagesPerSecond: 0, threadsBusy: 0, threadsAwaited: 0, storeLagMs: 0 };
  let isOutdated = false;
  const heartbeat = createHeartbeat({
    ...{ fleet, consumer: `${host}-${pid}-${randomUUID().slice(0, 8)}`, meters: createMeters(), log },
    standing: () => ({ ...who, ...nothing, isStopping: isStopping() }),
    onTailWanted: () => undefined,
    onFormat(format) {
      const failure = formatFailure(fleet.namespace, format);
      if (failure === null || isOutdated) return;
      isOutdated = true;
      parts.onOutdated(failure);
    },
  });
  // That Redis is away, /readyz and the calls say.
  const beats = repeat(BEAT_MS, heartbeat.beat, () => undefined);
  heartbeat.beat().catch(() => undefined);
  return {
    async leave() {
      const left = beats.stop().then(heartbeat.stop);
      await Promise.race([left.catch(() => undefined), sleep(LEAVE_MS)]);
    },
  };
}
