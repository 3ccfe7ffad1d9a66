// What a process does for webhooks while it runs: brings events from the outbox into the queue, and delivers them if it has the secret.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Settings } from '../config/settings.ts';
import type { Fleet } from '../fleet.ts';
import type { Log } from '../log.ts';
import { openWebhookQueue, type WebhookQueue } from '../queue/webhook-queue.ts';
import type { Redis } from '../redis.ts';
import { type EventsUnderway, eventsOf, handOver } from './outbox.ts';
import { createWebhookWorker } from './worker.ts';

const LOOK_MS = 1000;
const WAIT_STEP_MS = 50;

export interface WebhookWorkers {
  /**
   * Brings the events of the outbox on their way at once, and waits until all of this crawl have arrived or are given up, `mostMs` have passed,
   * or `isOver` says so.
   */
  settle(crawl: string, mostMs: number, isOver: () => boolean): Promise<EventsUnderway>;
  /** Deliveries in flight have a second to end; what has not ended is put back. */
  stop(): Promise<void>;
}

/**
 * Begins at once. `connection` is for workers (connectRedis(address, 'worker')); whoever calls closes it and the fleet's, after
 * stop(). Without a webhookSecret it leaves delivery to processes that have one, and warns once there is something to deliver.
 */
export function createWebhookWorkers(parts: {
  fleet: Fleet;
  connection: Redis;
  settings: Pick<Settings, 'webhookSecret' | 'dnsServers' | 'lockDuration'>;
  log: Log;
}): WebhookWorkers {
  const { fleet, connection, settings, log } = parts;
  const { webhookSecret: secret, dnsServers, lockDuration: lockDurationMs } = settings;
  const onError = (error: unknown) => log.warn({ err: error }, 'webhooks');
  const queue = openWebhookQueue(fleet, onError);
  const deliverer =
    secret === null
      ? null
      : createWebhookWorker({ fleet, connection, secret, dnsServers, lockDurationMs, log });
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
  }, LOOK_MS);

  return {
    async settle(crawl, mostMs, isOver) {
      const deadline = performance.now() + mostMs;
      for (;;) {
        await handOver(fleet, queue);
        const events = await eventsOf(fleet, queue, crawl);
        if (events.underway === 0 || isOver() || performance.now() > deadline) return events;
        await sleep(WAIT_STEP_MS);
      }
    },
    async stop() {
      clearInterval(timer);
      await looking;
      await deliverer?.stop();
    },
  };
}

/** Once only, when events come by or, at the start, wait in the queue. */
function createSecretWarning(queue: WebhookQueue, log: Log): (found: boolean) => Promise<void> {
  let isFirst = true;
  let isSaid = false;
  return async (found) => {
    const waiting = isFirst && !found ? await queue.getJobCountByTypes('waiting', 'delayed') : Number(found);
    isFirst = false;
    if (waiting === 0 || isSaid) return;
    isSaid = true;
    log.warn('webhooks wait for a consumer with DROVER_WEBHOOK_SECRET; this one has none');
  };
}
