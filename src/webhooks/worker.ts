// Delivers the jobs of the queue "webhooks" in this process: BullMQ's worker, and another in its place when it falls asleep.

import { createFetcher } from '../fetch/client.ts';
import type { Fleet } from '../fleet.ts';
import type { Log } from '../log.ts';
import {
  type Delivery,
  isLastAttempt,
  openWebhookWorker,
  type WebhookJob,
  type WebhookQueue,
} from '../queue/webhook-queue.ts';
import type { Redis } from '../redis.ts';
import { deliver } from './deliver.ts';

/** Deliveries at a time, on connections of their own: a slow receiver keeps no page from being fetched. */
const CONCURRENCY = 8;
/** A stopping process waits so long for deliveries in flight, and puts back what has not ended. */
const STOP_MS = 1000;
/** Jobs wait and none is taken for so long: the worker's blocked read is asleep. */
const ASLEEP_MS = 10_000;

export interface WebhookDeliverer {
  /** To be called now and then: sees to it that jobs which wait are taken. */
  look(queue: WebhookQueue): Promise<void>;
  stop(): Promise<void>;
}

/** Begins at once. `connection` is for workers; `lockDurationMs` as of the requests' worker. */
export function createWebhookWorker(parts: {
  fleet: Fleet;
  connection: Redis;
  secret: string;
  dnsServers: readonly string[];
  lockDurationMs: number;
  log: Log;
}): WebhookDeliverer {
  const { fleet, connection, secret, dnsServers, lockDurationMs, log } = parts;
  const fetcher = createFetcher({ concurrency: CONCURRENCY, dnsServers });
  const abort = new AbortController();
  let inFlight = 0;
  let waitingSince: number | null = null;

  async function run(job: WebhookJob): Promise<Delivery> {
    inFlight++;
    waitingSince = null;
    try {
      const { delivery, host } = await deliver({ fleet, fetcher, secret, signal: abort.signal }, job);
      report(log, job, delivery, host);
      return delivery;
    } finally {
      inFlight--;
    }
  }

  const open = () =>
    openWebhookWorker({
      connection,
      namespace: fleet.namespace,
      concurrency: CONCURRENCY,
      lockDurationMs,
      deliver: run,
      onError: (error) => log.warn({ err: error }, 'webhooks'),
    });
  let worker = open();

  return {
    async look(queue) {
      const waits = inFlight === 0 && (await queue.getWaitingCount()) > 0 && !(await queue.isPaused());
      waitingSince = waits ? (waitingSince ?? performance.now()) : null;
      if (waitingSince === null || performance.now() - waitingSince < ASLEEP_MS) return;
      waitingSince = null;
      log.warn('no webhook taken though some wait: a new worker takes over');
      const asleep = worker;
      worker = open();
      asleep.close().catch(() => undefined);
    },
    async stop() {
      const late = setTimeout(() => abort.abort(), STOP_MS);
      await worker.close();
      clearTimeout(late);
      fetcher.close();
    },
  };
}

/** Nothing of the URL but its host: the rest may hold a token. */
function report(log: Log, job: WebhookJob, delivery: Delivery, host: string): void {
  const line = {
    event: job.id,
    type: job.name,
    crawl: job.data.crawl,
    host,
    attempt: job.attemptsMade + 1,
    ...('why' in delivery ? { why: delivery.why } : {}),
  };
  if (delivery.kind === 'delivered') log.info(line, 'webhook delivered');
  else if (delivery.kind === 'stopped') log.info(line, 'webhook put back');
  else if (delivery.kind === 'givenUp' || isLastAttempt(job)) log.error(line, 'webhook given up');
  else log.warn({ ...line, againMs: Math.round(delivery.afterMs) }, 'webhook tried in vain');
}
