// Delivers the jobs of the queue "webhooks" in this process with BullMQ's worker, and replaces a worker that
// has stopped taking jobs.

import { createFetcher } from '../fetch/client.ts';
import { systemProxies } from '../fetch/proxy/proxies.ts';
import type { Fleet } from '../fleet.ts';
import type { Log } from '../log.ts';
import {
  type Delivery,
  isLastAttempt,
  openWebhookWorker,
  type WebhookJob,
  type WebhookQueue,
} from '../queue/webhook-queue.ts';
import { closeRedis, type Redis } from '../redis.ts';
import { deliver } from './deliver.ts';

/**
 * Deliveries at the same time. They have connections of their own, so a slow receiver does not delay fetches.
 */
const CONCURRENCY = 8;
/** A stopping process waits this long for deliveries in flight; the others go back to the queue. */
const STOP_MS = 1000;
/** When jobs wait and none is taken for this long, the worker's blocking read is stuck. */
const ASLEEP_MS = 10_000;

export interface WebhookDeliverer {
  /** To be called about once a second: replaces the worker when waiting jobs are not taken. */
  look(queue: WebhookQueue): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts delivering at once. `connect` opens a connection for a worker; `lockDurationMs` is the same as for
 * the requests' worker.
 */
export function createWebhookWorker(parts: {
  fleet: Fleet;
  connect: () => Redis;
  secret: string;
  dnsServers: readonly string[];
  lockDurationMs: number;
  log: Log;
  onError: (error: unknown) => void;
}): WebhookDeliverer {
  const { fleet, connect, secret, dnsServers, lockDurationMs, log, onError } = parts;
  // The receiver is the operator's own: the proxies of crawls (--proxy) are not for it.
  const fetcher = createFetcher({ concurrency: CONCURRENCY, dnsServers, proxies: systemProxies() });
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
      onError,
    });
  let connection = connect();
  let worker = open();

  return {
    async look(queue) {
      const waits = inFlight === 0 && (await queue.getWaitingCount()) > 0 && !(await queue.isPaused());
      waitingSince = waits ? (waitingSince ?? performance.now()) : null;
      if (waitingSince === null || performance.now() - waitingSince < ASLEEP_MS) return;
      waitingSince = null;
      log.warn('webhooks wait but none is taken: a new worker replaces the old one');
      const [asleep, silent] = [worker, connection];
      connection = connect();
      worker = open();
      asleep.close().catch(() => undefined);
      closeRedis(silent);
    },
    async stop() {
      const late = setTimeout(() => abort.abort(), STOP_MS);
      await worker.close();
      clearTimeout(late);
      fetcher.close();
    },
  };
}

/** Logs the attempt. Of the URL only the host is shown, because the rest may hold a token. */
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
  else if (delivery.kind === 'stopped') log.info(line, 'webhook delivery stopped, will be sent later');
  else if (delivery.kind === 'givenUp' || isLastAttempt(job)) log.error(line, 'webhook given up');
  else
    log.warn(
      { ...line, againMs: Math.round(delivery.afterMs) },
      'webhook not delivered, will be tried again',
    );
}
