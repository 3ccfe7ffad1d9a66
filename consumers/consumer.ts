// A consumer process: takes jobs from the queue, processes each through the pipeline, keeps its leases alive, stops with nothing lost.

import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Settings } from '../src/config/settings.ts';
import { endFinishedCrawls } from '../src/crawl/crawl.ts';
import { createLoadedCrawls } from '../src/crawl/loaded-crawl.ts';
import { maintainDeadLetters } from '../src/dead/maintenance.ts';
import { driveReplays } from '../src/dead/replay.ts';
import { failure } from '../src/errors.ts';
import { createFetcher } from '../src/fetch/client.ts';
import type { Heartbeat } from '../src/fleet/heartbeat.ts';
import { createSampler, type Sampler } from '../src/fleet/history.ts';
import { repeat } from '../src/fleet/interval.ts';
import { takeLease } from '../src/fleet/lease.ts';
import { boundYoungSpace } from '../src/fleet/young-space.ts';
import { type Fleet, fleetOf } from '../src/fleet.ts';
import { createCommitter } from '../src/frontier/commit.ts';
import { namespaceOf } from '../src/keys.ts';
import type { Log } from '../src/log.ts';
import { gathered } from '../src/metrics.ts';
import type { Outcome } from '../src/outcome.ts';
import { createCrawlDelays } from '../src/politeness/crawl-delays.ts';
import { createBackoff } from '../src/politeness/host-backoff.ts';
import { createSlots } from '../src/politeness/slot.ts';
import {
  openQueue,
  openWorker,
  type RequestJob,
  type RequestQueue,
  type RequestWorker,
} from '../src/queue/queue.ts';
import { settle } from '../src/queue/settle.ts';
import { openJsonlStore } from '../src/records/write/jsonl.ts';
import { closeRedis, connectRedis, type Redis, type RedisAddress } from '../src/redis.ts';
import { createRobots, PRODUCT_TOKEN } from '../src/robots/robots.ts';
import { createWebhookWorkers, type WebhookWorkers } from '../src/webhooks/workers.ts';
import type { ConsumerContext, Traces } from './context.ts';
import { createDispatcher, type Dispatcher } from './dispatcher.ts';
import { processJob } from './pipeline.ts';
import { repairFrontier } from './repair.ts';
import { createPermits } from './slot/permits.ts';
import { createHostTimes, type HostTimes } from './telemetry/host-times.ts';
import { troubleFields } from './telemetry/job-report.ts';
import { createTallies } from './telemetry/tallies.ts';
import { startTelemetry } from './telemetry/telemetry.ts';

const INTERVAL_MS = 1000;
/** What failed for a reason of ours is tried again after this. */
const PUT_BACK_MS = 2000;
/** Open requests without a job, if ever there are any, are looked for this often. */
const REPAIR_MS = 30_000;
/** Jobs wait and none is taken for so long: the worker's blocked read is asleep, and a new worker takes over. */
const ASLEEP_MS = 10_000;
/** After the grace, what has to be told to Redis has so long. */
const LAST_MS = 3000;

export interface Consumer {
  inFlight(): number;
  hostTimes: HostTimes;
  webhooks: WebhookWorkers;
  /** Finishes what is in flight (at most `grace`), puts back what has not begun, lets go of everything. */
  stop(): Promise<void>;
}

/** Starts taking jobs. `serve`: the one crawl whose frontier is brought into the queue, or '*' for all. */
export async function startConsumer(parts: {
  settings: Settings;
  address: RedisAddress;
  serve: string;
  log: Log;
  /** Told what keeps requests from ending, such as a full disk; they are put back and tried again. */
  onTrouble?: (error: unknown) => void;
}): Promise<Consumer> {
  const { settings, address, serve } = parts;
  const name = `${hostname()}-${process.pid}-${randomUUID().slice(0, 8)}`;
  const log = parts.log.child({ consumer: name });
  boundYoungSpace();
  const fetcher = createFetcher({ concurrency: settings.concurrency, dnsServers: settings.dnsServers });
  const fleet = fleetOf(connectRedis(address, 'script'), namespaceOf(settings.namespace));
  const subscriber = connectRedis(address, 'script');
  const workers = connectRedis(address, 'worker');
  const onError = (error: unknown) => log.warn(troubleFields(error), 'redis');
  const traces = await tracesOf(settings, name, log);
  const queue = openQueue(fleet, onError, traces?.telemetry);
  const slots = createSlots({
    fleet,
    subscriber,
    consumer: name,
    capacity: settings.concurrency,
    release: (slot) => dispatcher.release(slot),
    onError,
  });
  const permits = createPermits(settings.concurrency);
  // As many wait in the queue as the fleet can fetch: with those in hand, the window is twice that.
  const wanted = () => Math.max(8, slots.fleetCapacity());
  const dispatcher: Dispatcher = createDispatcher({
    fleet,
    queue,
    serve,
    wanted,
    onError,
  });
  const telemetry = startTelemetry({ fleet, consumer: name, log, traces, onError });
  const store = telemetry.watchStore(openJsonlStore({ dir: join(settings.dataDir, 'records') }));
  let stopping = false;
  const context: ConsumerContext = {
    fleet,
    fetcher,
    robots: createRobots({
      fleet,
      productToken: PRODUCT_TOKEN,
      nowMs: Date.now,
    }),
    slots,
    backoff: createBackoff({ fleet, keyEvents: slots.keyEvents, onError }),
    crawlDelays: createCrawlDelays({ fleet, keyEvents: slots.keyEvents }),
    permits,
    dispatcher,
    committer: createCommitter(fleet),
    store,
    loadedCrawls: createLoadedCrawls(fleet),
    tallies: createTallies(fleet),
    hostTimes: createHostTimes(),
    meters: telemetry.meters,
    reports: telemetry.reports,
    log,
    onTrouble: parts.onTrouble ?? (() => undefined),
    stopping: () => stopping,
  };
  const heartbeat = telemetry.startHeartbeat(() => ({ inFlight: permits.inUse(), ...slots.counts() }));
  const jobWorker = createJobWorker({ context, connection: workers, settings, traces });
  const sampler = createSampler(fleet, queue);
  const intervals = [
    repeat(INTERVAL_MS, () => keepUp({ context, queue, jobWorker, heartbeat, sampler }), onError),
    repeat(INTERVAL_MS, () => takeTurnAtReplays(fleet, queue), onError),
    repeat(REPAIR_MS, () => repairFrontier(fleet, queue).then(() => undefined), onError),
  ];
  const deadMaintenance = maintainDeadLetters({ fleet, queue, settings, log });
  await repairFrontier(fleet, queue).catch(onError);
  // Before a job is taken: a canary may be the last that a crawl waits for.
  await driveReplays(fleet, queue).catch(onError);
  const webhooks = createWebhookWorkers({ fleet, connection: workers, settings, log });

  log.info({ concurrency: settings.concurrency }, 'consuming');

  return {
    inFlight: () => context.permits.inUse(),
    hostTimes: context.hostTimes,
    webhooks,
    async stop() {
      if (stopping) return;
      stopping = true;
      // A Redis that is away answers nothing: what is in hand is then another consumer's, when its lock has run out.
      await Promise.race([
        letGo().catch(onError),
        sleep(settings.grace + LAST_MS, undefined, { ref: false }),
      ]);
      fetcher.close();
      for (const connection of [fleet.redis, subscriber, workers]) closeRedis(connection);
      log.info('stopped');
    },
  };

  async function letGo(): Promise<void> {
    const tidied = Promise.all([deadMaintenance, ...intervals].map((interval) => interval.stop()));
    await Promise.all([jobWorker.stop(settings.grace), webhooks.stop(), tidied]);
    await dispatcher.stop();
    await Promise.all([slots.stop(), context.backoff.stop()]);
    await context.store.close();
    await context.tallies.flush().catch(onError);
    await heartbeat.stop().catch(onError);
    await traces?.stop(settings.grace);
  }
}

/** OpenTelemetry takes its time to load: only who asks for it waits. */
async function tracesOf(settings: Settings, consumer: string, log: Log): Promise<Traces | null> {
  if (settings.otelEndpoint === null) return null;
  const { openTraces } = await import('./telemetry/traces.ts');
  return openTraces({ endpoint: settings.otelEndpoint, consumer, log });
}

interface JobWorker {
  /** Jobs that wait and are not taken: a new worker takes over from one that sleeps. */
  wake(): void;
  idleMs(): number;
  stop(graceMs: number): Promise<void>;
}

/** The BullMQ worker of this process, and another in its place when it falls asleep. */
function createJobWorker(parts: {
  context: ConsumerContext;
  connection: Redis;
  settings: Settings;
  traces: Traces | null;
}): JobWorker {
  const { context, connection, settings } = parts;
  const jobs = new Map<string, AbortController>();
  let lastTaken = performance.now();

  async function run(job: RequestJob, token: string): Promise<void> {
    lastTaken = performance.now();
    context.dispatcher.kick();
    const jobId = job.id ?? '';
    const abort = new AbortController();
    jobs.set(jobId, abort);
    try {
      const outcome = await processJob(context, job, abort).catch((error: unknown): Outcome => {
        // A disk that is full, a Redis out of memory: nothing of the request's fault, and nothing of it is lost.
        context.reports.trouble(jobId, error);
        context.onTrouble(error);
        return { kind: 'postponed', untilMs: Date.now() + PUT_BACK_MS };
      });
      // Its lane may give the next, ahead of a slot.
      context.dispatcher.kick();
      await settle(outcome, job, token);
    } finally {
      if (jobs.get(jobId) === abort) jobs.delete(jobId);
    }
  }

  function open(): RequestWorker {
    const worker = openWorker({
      connection,
      namespace: context.fleet.namespace,
      // Some more than may fetch, so that one is at hand when a fetch ends; few, so that the others wait in the queue, where BullMQ gives
      // one along with the end of another.
      concurrency: settings.concurrency + Math.ceil(settings.concurrency / 2) + 4,
      lockDurationMs: settings.lockDuration,
      process: run,
      telemetry: parts.traces?.telemetry ?? null,
      onLockLost: (ids) => {
        for (const id of ids) jobs.get(id)?.abort(failure('E_LOCK_LOST'));
      },
      onError: (error) => context.log.warn(troubleFields(error), 'worker'),
    });
    worker.run().catch((error) => context.log.error(troubleFields(error), 'worker'));
    return worker;
  }
  let worker = open();

  return {
    idleMs: () => performance.now() - lastTaken,
    wake() {
      context.log.warn('no job taken though some wait: a new worker takes over');
      context.meters.count(gathered.wakes, null);
      lastTaken = performance.now();
      const asleep = worker;
      worker = open();
      asleep.close().catch(() => undefined);
    },
    async stop(graceMs) {
      const late = setTimeout(() => {
        for (const abort of jobs.values()) abort.abort(failure('E_LOCK_LOST', 'The consumer stopped.'));
      }, graceMs);
      await worker.close();
      clearTimeout(late);
    },
  };
}

/** One process of the fleet drives them at a time; another takes over when it is gone. */
async function takeTurnAtReplays(fleet: Fleet, queue: RequestQueue): Promise<void> {
  if (await takeLease(fleet, 'replays', INTERVAL_MS * 0.9)) await driveReplays(fleet, queue);
}

async function keepUp(parts: {
  context: ConsumerContext;
  queue: RequestQueue;
  jobWorker: JobWorker;
  heartbeat: Heartbeat;
  sampler: Sampler;
}): Promise<void> {
  const { context, queue, jobWorker, heartbeat, sampler } = parts;
  await Promise.all([context.tallies.flush(), heartbeat.beat()]);
  await sampler.tick();
  await endFinishedCrawls(context.fleet);
  if (jobWorker.idleMs() < ASLEEP_MS || context.permits.inUse() > 0) return;
  if ((await queue.getWaitingCount()) > 0) jobWorker.wake();
}
