// What a process does for webhooks: it moves events from the outbox into the queue, and delivers them if it
// has the secret.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Settings } from '../config/settings.ts';
import type { TroubleLog } from '../fleet/trouble-log.ts';
import type { Fleet } from '../fleet.ts';
import type { Log } from '../log.ts';
import { openWebhookQueue, type WebhookQueue } from '../queue/webhook-queue.ts';
import type { Redis } from '../redis.ts';
import { type EventsUnderway, eventsOf, handOver } from './outbox.ts';
import { createWebhookWorker } from './worker.ts';

const ROUND_EVERY_MS = 1000;
const WAIT_STEP_MS = 50;

export interface WebhookWorkers {
  /** Stops. Deliveries in flight have one second to end; the others go back to the queue. */
  stop(): Promise<void>;
}

/**
 * Moves events from the outbox into the queue at once, and waits until all events of this crawl are
 * delivered or given up, by whatever process, `mostMs` have passed, or `isOver` returns true.
 */
export async function waitForEvents(
  fleet: Fleet,
  crawl: string,
  { mostMs, isOver, onError }: { mostMs: number; isOver: () => boolean; onError: (error: unknown) => void },
): Promise<EventsUnderway> {
  const queue = openWebhookQueue(fleet, onError);
  const deadline = performance.now() + mostMs;
  for (;;) {
    await handOver(fleet, queue);
    const events = await eventsOf(fleet, queue, crawl);
    if (events.underway === 0 || isOver() || performance.now() > deadline) return events;
    await sleep(WAIT_STEP_MS);
  }
}

/**
 * Starts at once. `connect` opens connections for workers. The caller closes these and the fleet's
 * connection after stop(). Without a webhookSecret, delivery is left to processes that have one, and
 * a warning is logged once there is something to deliver.
 */
export function createWebhookWorkers(parts: {
  fleet: Fleet;
  connect: () => Redis;
  settings: Pick<Settings, 'webhookSecret' | 'dnsServers' | 'lockDuration'>;
  log: Log;
  troubles: TroubleLog;
}): WebhookWorkers {
  const { fleet, connect, settings, log, troubles } = parts;
  const { webhookSecret: secret, dnsServers, lockDuration: lockDurationMs } = settings;
  const onError = (error: unknown) => troubles.note(error, 'webhooks');
  const queue = openWebhookQueue(fleet, onError);
  const deliverer =
    secret === null
      ? null
      : createWebhookWorker({ fleet, connect, secret, dnsServers, lockDurationMs, log, onError });
  const warn = createSecretWarning(queue, log);

  async function look(): Promise<void> {
    for (;;) {
      const found = await handOver(fleet, queue);
      if (!deliverer) await warn(found > 0);
      if (found === 0) break;
    }
    await deliverer?.look(queue);
  }
  let looking: Promise<void> = look().catch(onError);
  const timer = setInterval(() => {
    looking = looking.then(look).catch(onError);
  }, ROUND_EVERY_MS);

  return {
    async stop() {
      clearInterval(timer);
      await looking;
      await deliverer?.stop();
    },
  };
}

/** Warns once: at the start when events wait in the queue, later when new ones come. */
function createSecretWarning(queue: WebhookQueue, log: Log): (found: boolean) => Promise<void> {
  let isFirst = true;
  let isSaid = false;
  return async (found) => {
    const waiting = isFirst && !found ? await queue.getJobCountByTypes('waiting', 'delayed') : Number(found);
    isFirst = false;
    if (waiting === 0 || isSaid) return;
    isSaid = true;
    log.warn('webhooks wait for a consumer with DROVER_WEBHOOK_SECRET; this process has none');
  };
}
