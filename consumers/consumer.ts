// A consumer process: takes jobs from the queue, processes each through the pipeline, keeps its leases alive, stops with nothing lost.

import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Settings } from '../src/config.ts';
import { endFinishedCrawls } from '../src/crawl/crawl.ts';
import { createPlans } from '../src/crawl/loaded-crawl.ts';
import { tendDead } from '../src/dead/maintenance.ts';
import { driveReplays } from '../src/dead/replay.ts';
import { failure } from '../src/errors.ts';
import { createFetcher } from '../src/fetch/client.ts';
import type { Pulse } from '../src/fleet/heartbeat.ts';
import { createSampler, type Sampler } from '../src/fleet/history.ts';
import { repeat } from '../src/fleet/interval.ts';
import { takeChore } from '../src/fleet/lease.ts';
import { boundYoungSpace } from '../src/fleet/young-space.ts';
import { createCommitter } from '../src/frontier/commit.ts';
import { shardOf } from '../src/frontier/keys.ts';
import type { Log } from '../src/log.ts';
import { gathered } from '../src/metrics.ts';
import type { Outcome } from '../src/outcome.ts';
import { createDemands } from '../src/politeness/demands.ts';
import { createPace } from '../src/politeness/pace.ts';
import { createSlots } from '../src/politeness/slot.ts';
import {
  openQueue,
  openWorker,
  type RequestJob,
  type RequestQueue,
  type RequestWorker,
} from '../src/queue/queue.ts';
import { settle } from '../src/queue/settle.ts';
import { openJsonlSink } from '../src/records/write/jsonl.ts';
import { closeRedis, connectRedis, type Redis, type RedisAddress } from '../src/redis.ts';
import { createRobots, PRODUCT_TOKEN } from '../src/robots/robots.ts';
import { createWebhookCrew, type WebhookCrew } from '../src/webhooks/workers.ts';
import type { Station, Traces } from './context.ts';
import { createFeed, type Feed } from './dispatcher.ts';
import { createPermits } from './permits.ts';
import { processJob } from './pipeline.ts';
import { mendFrontier } from './repair.ts';
import { createTallies } from './tallies.ts';
import { createHostTimes, type HostTimes } from './telemetry/host-times.ts';
import { troubleFields } from './telemetry/job-report.ts';
import { lookOn } from './telemetry/telemetry.ts';

const CHORES_MS = 1000;
/** What failed for a reason of ours is tried again after this. */
const PUT_BACK_MS = 2000;
/** Open requests without a job, if ever there are any, are looked for this often. */
const MEND_MS = 30_000;
/** Jobs wait and none is taken for so long: the worker's blocked read is asleep, and a new worker takes over. */
const ASLEEP_MS = 10_000;
/** After the grace, what has to be told to Redis has so long. */
const LAST_MS = 3000;

export interface Consumer {
  inFlight(): number;
  hostTimes: HostTimes;
  webhooks: WebhookCrew;
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
  const shard = shardOf(settings.prefix);
  const fetcher = createFetcher({ concurrency: settings.concurrency, dnsServers: settings.dnsServers });
  const scripts = connectRedis(address, 'script');
  const subscriber = connectRedis(address, 'script');
  const workers = connectRedis(address, 'worker');
  const onError = (error: unknown) => log.warn(troubleFields(error), 'redis');
  const traces = await tracesOf(settings, name, log);
  const queue = openQueue(scripts, shard, onError, traces?.telemetry);
  const slots = createSlots({
    redis: scripts,
    subscriber,
    shard,
    consumer: name,
    capacity: settings.concurrency,
    release: (slot) => feed.release(slot),
    onError,
  });
  const permits = createPermits(settings.concurrency);
  // As many wait in the queue as the fleet can fetch: with those in hand, the window is twice that.
  const wanted = () => Math.max(8, slots.fleetCapacity());
  const feed: Feed = createFeed({ redis: scripts, queue, shard, serve, wanted, onError });
  const looking = lookOn({ redis: scripts, shard, consumer: name, log, traces, onError });
  const sink = looking.watchSink(openJsonlSink({ dir: join(settings.dataDir, 'records') }));
  let stopping = false;
  const station: Station = {
    redis: scripts,
    shard,
    fetcher,
    robots: createRobots({ redis: scripts, keyPrefix: shard, productToken: PRODUCT_TOKEN, nowMs: Date.now }),
    slots,
    demands: createDemands({ redis: scripts, shard, news: slots.news }),
    pace: createPace({ redis: scripts, shard, onError }),
    permits,
    feed,
    committer: createCommitter(scripts, shard),
    sink,
    plans: createPlans(scripts, shard),
    tallies: createTallies(scripts, shard),
    hostTimes: createHostTimes(),
    meters: looking.meters,
    reports: looking.reports,
    log,
    onTrouble: parts.onTrouble ?? (() => undefined),
    stopping: () => stopping,
  };
  const pulse = looking.startPulse(() => ({ inFlight: permits.inUse(), ...slots.counts() }));
  const crew = createCrew({ station, connection: workers, settings, traces });
  const sampler = createSampler(scripts, shard, queue);
  const chores = [
    repeat(CHORES_MS, () => doChores({ station, queue, crew, pulse, sampler }), onError),
    repeat(CHORES_MS, () => takeTurnAtReplays(scripts, shard, queue), onError),
    repeat(MEND_MS, () => mendFrontier(scripts, shard, queue).then(() => undefined), onError),
  ];
  const tender = tendDead({ redis: scripts, shard, queue, settings, log });
  await mendFrontier(scripts, shard, queue).catch(onError);
  // Before a job is taken: a canary may be the last that a crawl waits for.
  await driveReplays(scripts, shard, queue).catch(onError);
  const webhooks = createWebhookCrew({ redis: scripts, connection: workers, shard, settings, log });

  log.info({ concurrency: settings.concurrency }, 'consuming');

  return {
    inFlight: () => station.permits.inUse(),
    hostTimes: station.hostTimes,
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
      for (const connection of [scripts, subscriber, workers]) closeRedis(connection);
      log.info('stopped');
    },
  };

  async function letGo(): Promise<void> {
    const tidied = Promise.all([tender, ...chores].map((chore) => chore.stop()));
    await Promise.all([crew.stop(settings.grace), webhooks.stop(), tidied]);
    await feed.stop();
    await Promise.all([slots.stop(), station.pace.stop()]);
    await station.sink.close();
    await station.tallies.flush().catch(onError);
    await pulse.stop().catch(onError);
    await traces?.stop(settings.grace);
  }
}

/** OpenTelemetry takes its time to load: only who asks for it waits. */
async function tracesOf(settings: Settings, consumer: string, log: Log): Promise<Traces | null> {
  if (settings.otelEndpoint === null) return null;
  const { openTraces } = await import('./telemetry/traces.ts');
  return openTraces({ endpoint: settings.otelEndpoint, consumer, log });
}

interface Crew {
  /** Jobs that wait and are not taken: a new worker takes over from one that sleeps. */
  wake(): void;
  idleMs(): number;
  stop(graceMs: number): Promise<void>;
}

/** The BullMQ worker of this process, and another in its place when it falls asleep. */
function createCrew(parts: {
  station: Station;
  connection: Redis;
  settings: Settings;
  traces: Traces | null;
}): Crew {
  const { station, connection, settings } = parts;
  const jobs = new Map<string, AbortController>();
  let lastTaken = performance.now();

  async function run(job: RequestJob, token: string): Promise<void> {
    lastTaken = performance.now();
    station.feed.kick();
    const jobId = job.id ?? '';
    const abort = new AbortController();
    jobs.set(jobId, abort);
    try {
      const outcome = await processJob(station, job, abort).catch((error: unknown): Outcome => {
        // A disk that is full, a Redis out of memory: nothing of the request's fault, and nothing of it is lost.
        station.reports.trouble(jobId, error);
        station.onTrouble(error);
        return { kind: 'snooze', untilMs: Date.now() + PUT_BACK_MS };
      });
      // Its lane may give the next, ahead of a slot.
      station.feed.kick();
      await settle(outcome, job, token);
    } finally {
      if (jobs.get(jobId) === abort) jobs.delete(jobId);
    }
  }

  function open(): RequestWorker {
    const worker = openWorker({
      connection,
      shard: station.shard,
      // Some more than may fetch, so that one is at hand when a fetch ends; few, so that the others wait in the queue, where BullMQ gives
      // one along with the end of another.
      concurrency: settings.concurrency + Math.ceil(settings.concurrency / 2) + 4,
      lockDurationMs: settings.lockDuration,
      process: run,
      telemetry: parts.traces?.telemetry ?? null,
      onLockLost: (ids) => {
        for (const id of ids) jobs.get(id)?.abort(failure('E_LOCK_LOST'));
      },
      onError: (error) => station.log.warn(troubleFields(error), 'worker'),
    });
    worker.run().catch((error) => station.log.error(troubleFields(error), 'worker'));
    return worker;
  }
  let worker = open();

  return {
    idleMs: () => performance.now() - lastTaken,
    wake() {
      station.log.warn('no job taken though some wait: a new worker takes over');
      station.meters.count(gathered.wakes, null);
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
async function takeTurnAtReplays(redis: Redis, shard: string, queue: RequestQueue): Promise<void> {
  if (await takeChore(redis, shard, 'replays', CHORES_MS * 0.9)) await driveReplays(redis, shard, queue);
}

async function doChores(parts: {
  station: Station;
  queue: RequestQueue;
  crew: Crew;
  pulse: Pulse;
  sampler: Sampler;
}): Promise<void> {
  const { station, queue, crew, pulse, sampler } = parts;
  await Promise.all([station.tallies.flush(), pulse.beat()]);
  await sampler.tick();
  await endFinishedCrawls(station.redis, station.shard);
  if (crew.idleMs() < ASLEEP_MS || station.permits.inUse() > 0) return;
  if ((await queue.getWaitingCount()) > 0) crew.wake();
}
