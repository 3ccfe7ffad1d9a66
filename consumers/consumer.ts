// One consumer process. It connects, builds the context of its jobs, starts the background work, and stops in
// an order that loses nothing.

import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { readVersion } from '../src/config/own-package.ts';
import type { Settings } from '../src/config/settings.ts';
import { alignParts, endFinishedCrawls } from '../src/crawl/shards/end.ts';
import { maintainDeadLetters } from '../src/dead/maintenance.ts';
import { driveReplays } from '../src/dead/replay.ts';
import { DroverError } from '../src/errors.ts';
import { isDrained } from '../src/fleet/drained.ts';
import { formatFailure } from '../src/fleet/format.ts';
import { boundHeapGrowth } from '../src/fleet/heap-growth.ts';
import type { Heartbeat } from '../src/fleet/heartbeat.ts';
import { createSampler } from '../src/fleet/history.ts';
import { type Interval, repeat, takeLease } from '../src/fleet/interval.ts';
import { createTroubleLog } from '../src/fleet/trouble-log.ts';
import { type Fleet, holdShards } from '../src/fleet.ts';
import { maintainCrawls } from '../src/forget/keep-crawls.ts';
import { linksSettled, sweepLinks } from '../src/frontier/shards/links-out.ts';
import type { Log } from '../src/log.ts';
import { gathered } from '../src/metrics.ts';
import { followRedisClock } from '../src/queue/fleet-clock.ts';
import { openQueues, type RequestQueue } from '../src/queue/queue.ts';
import type { RedisAddress } from '../src/redis.ts';
import { runSchedules } from '../src/schedules/runner.ts';
import { createWebhookWorkers } from '../src/webhooks/workers.ts';
import { type Connections, connectConsumer } from './connections.ts';
import { type Contexts, createContexts } from './create-context.ts';
import { openFetchSources } from './fetch/proxied-fetcher.ts';
import { openHandlers } from './handlers/user-code.ts';
import { withinGrace } from './last-calls.ts';
import { takeBrowserJobs } from './render/browser-jobs.ts';
import { repairFrontier } from './shards/repair.ts';
import { servedShards } from './shards/served.ts';
import { createShares } from './shards/shares.ts';
import { ShardWorkers } from './shards/workers.ts';
import { openPreparedStores } from './store/prepare-stores.ts';
import type { HostTimes } from './telemetry/host-times.ts';
import { startTelemetry, tracesOf } from './telemetry/telemetry.ts';

const INTERVAL_MS = 1000;
/** How often to look whether a crawl with parts on several shards has ended. */
const END_MS = 200;
/** How long a process that stops goes on to look. */
const LAST_LOOK_MS = 2000;
/** How often to look for open requests without a job. There should be none. */
const REPAIR_MS = 30_000;
/** How often the subscriber's connection is asked whether it is still there. */
const PING_MS = 10_000;
/** How often this machine's clock is compared with that of Redis. */
const CLOCK_MS = 5000;

export interface Consumer {
  inFlight(): number;
  /** How many jobs it has taken. */
  jobs(): number;
  /** How many requests it has ended. */
  pages(): number;
  hostTimes: HostTimes;
  /** To be called when this process has offered requests: else they are found only within 200 ms. */
  kick(): void;
  /**
   * Finishes the jobs in flight (within `grace`), returns those that have not begun to the queue, and
   * releases everything.
   */
  stop(): Promise<void>;
}

/**
 * Starts to take jobs. `serve` is the one crawl whose frontier is brought into the queue, or '*' for all
 * crawls. Throws E_HANDLER_FILE and E_SETTING when the handlers cannot be used.
 */
export async function startConsumer(parts: {
  settings: Settings;
  address: RedisAddress;
  serve: string;
  log: Log;
  /**
   * Called with what keeps requests from ending, such as a full disk. These requests are postponed and tried
   * again.
   */
  onTrouble?: (error: unknown) => void;
  /** Prints a line about a wrong clock, or one a minute about an outage of Redis or the disk. */
  say?: (line: string) => void;
  /** Called once when another version has changed the namespace meanwhile, so that it must stop. */
  onOutdated?: (failure: DroverError) => void;
  /** Resolves when the process is told to stop: then the start waits for Redis no longer. */
  stop?: Promise<void>;
}): Promise<Consumer> {
  const { settings, serve } = parts;
  const [host, { pid }] = [hostname(), process];
  const consumer = `${host}-${pid}-${randomUUID().slice(0, 8)}`;
  const { concurrency } = settings;
  const shards = parts.address.shards ?? 1;
  const served = servedShards(settings.shard, shards);
  const who = {
    ...({ kind: 'consumer', host, pid, version: readVersion(), serves: serve, concurrency } as const),
    ...(served.length < shards ? { shards: served } : {}),
  };
  const log = parts.log.child({ consumer });
  const troubles = createTroubleLog({ log, ...(parts.say ? { say: parts.say } : {}) });
  const onError = (error: unknown) => troubles.note(error, 'redis');
  boundHeapGrowth();
  const sources = await openFetchSources(settings, log, parts.say);
  const userCode = await openHandlers(settings, log, {
    say: parts.say ?? (() => undefined),
    onReplaced: () => telemetry.meters.count(gathered.handlerThreadsReplaced, null),
  });

  const connections = connectConsumer(parts.address);
  const { fleet } = connections;
  const followClock = async () => {
    const warning = await followRedisClock(fleet.redis);
    if (warning === null) return;
    log.warn(warning);
    parts.say?.(`warning: ${warning}`);
  };
  const followed = followClock().catch(onError);
  await Promise.race([followed, parts.stop ?? followed]);
  const held = holdShards(fleet).catch((error: unknown) => {
    if (!(error instanceof DroverError)) return onError(error);
    connections.close();
    throw error;
  });
  await Promise.race([held, parts.stop ?? held]);
  const stores = await openPreparedStores({ ...parts, ...connections, troubles });
  const traces = await tracesOf(settings, consumer, log);
  const queues = openQueues(fleet, onError, traces?.telemetry);
  let stopping = false;
  let isOutdated = false;
  const onFormat = (format: number) => {
    const failure = formatFailure(fleet.namespace, format);
    if (failure === null || isOutdated) return;
    isOutdated = true;
    log.error({ err: failure }, 'another version has changed the namespace');
    parts.onOutdated?.(failure);
  };
  const telemetry = startTelemetry({ fleet, consumer, who, log, traces, troubles, onFormat });

  const shares = createShares(concurrency, served, (shard) => workers.jobsOf(shard));
  const { contexts, dispatchers, shared } = createContexts({
    ...{ settings, serve, consumer, connections, queues, served, sources, shareOf: shares.of },
    ...{ telemetry, stores, userCode, log, troubles },
    onError,
    onTrouble: parts.onTrouble ?? (() => undefined),
    stopping: () => stopping,
  });
  const { permits, slots } = shared;
  shared.handlerWatch?.start();

  const heartbeat = telemetry.startHeartbeat(() => ({
    ...{ isStopping: stopping, inFlight: permits.inUse(), ...slots.counts() },
    threads: shared.handlerThreads?.counts() ?? { busy: 0, waiting: 0 },
    proxies: shared.proxies?.standings() ?? [],
  }));
  const workers = new ShardWorkers({
    ...{ contexts, queues, traces, shares, connect: connections.openBlocking },
    lockDurationMs: settings.lockDuration,
  });
  const intervals = startIntervals({ shared, connections, queues, workers, heartbeat, settings, onError });
  const browserJobs = takeBrowserJobs({
    ...{ context: shared, onError, lockDurationMs: settings.lockDuration },
    shards: workers.all.map(({ context, worker }) => ({
      ...{ fleet: context.fleet, run: (jobId, token) => worker.takeOver(jobId, token) },
    })),
  });
  const atHome = { fleet, settings, log, troubles, connect: () => connections.openBlocking() };
  intervals.push(repeat(CLOCK_MS, followClock, onError), runSchedules({ ...atHome, serve }));
  const prepared = Promise.all(
    contexts.map(async (context) => {
      const queue = queues[context.fleet.shard] as RequestQueue;
      await repairFrontier(context.fleet, queue);
      // Before any job is taken, because a canary may be the last request that a crawl waits for.
      await driveReplays(context.fleet, queue);
    }),
  ).catch(onError);
  await Promise.race([prepared, parts.stop ?? prepared]);
  const webhooks = createWebhookWorkers(atHome);
  void isDrained(fleet).then((drained) => {
    if (drained) parts.say?.('the fleet is drained: no jobs are taken until drover resume');
  }, onError);
  log.info({ concurrency }, 'consuming');

  return {
    inFlight: () => permits.inUse(),
    jobs: workers.taken,
    pages: telemetry.pages,
    hostTimes: shared.hostTimes,
    kick() {
      for (const { dispatcher } of contexts) dispatcher.kick();
    },
    async stop() {
      if (stopping) return;
      stopping = true;
      heartbeat.beat().catch(onError); // so that the fleet sees it
      const end = { graceMs: settings.grace, redis: fleet.redis, inFlight: () => permits.inUse() };
      await withinGrace(stopInOrder().catch(onError), end);
      shared.handlerWatch?.stop();
      void shared.handlerThreads?.close();
      void shared.renders.close();
      shared.fetcher.close();
      troubles.stop(); // the end of the connections is not to be told
      connections.close();
      log.info('stopped');
    },
  };

  /** First stops what takes jobs, then what their ends need, and last what reports them. */
  async function stopInOrder(): Promise<void> {
    browserJobs.stop();
    const stopped = intervals.map((interval) => interval.stop());
    await Promise.all([workers.stop(settings.grace), webhooks.stop(), ...stopped]);
    if (fleet.shards.length > 1) await endWhatIsDone(fleet).catch(onError);
    await Promise.all([shared.handlerThreads?.close(), shared.renders.close()]);
    await Promise.all(dispatchers.map((dispatcher) => dispatcher.stop()));
    await Promise.all([slots.stop(), shared.backoff.stop()]);
    await Promise.all([shared.stores.close(), shared.archives.close()]);
    await shared.tallies.flush().catch(onError);
    await heartbeat.stop().catch(onError);
    await traces?.stop(settings.grace);
  }
}

function startIntervals(parts: {
  shared: Contexts['shared'];
  connections: Connections;
  queues: readonly RequestQueue[];
  workers: ShardWorkers;
  heartbeat: Heartbeat;
  settings: Settings;
  onError: (error: unknown) => void;
}): Interval[] {
  const { shared, connections, queues, workers, heartbeat, settings, onError } = parts;
  const { home: fleet, tallies, log, troubles } = shared;
  const sampler = createSampler(fleet, queues);
  const everySecond = async () => {
    await Promise.all([tallies.flush(), heartbeat.beat()]);
    troubles.redisAnswered();
  };
  const ofAllShards = async () => {
    await sampler.tick();
    if (fleet.shards.length === 1) await endFinishedCrawls(fleet);
  };
  const ofShards = fleet.shards.flatMap((shard) => {
    const queue = queues[shard.shard] as RequestQueue;
    return [
      repeat(INTERVAL_MS, () => driveReplaysAlone(shard, queue), onError),
      repeat(REPAIR_MS, () => repairFrontier(shard, queue).then(() => undefined), onError),
    ];
  });
  return [
    repeat(INTERVAL_MS, everySecond, onError),
    // A shard that cannot be reached holds up the others in none of these.
    repeat(INTERVAL_MS, ofAllShards, onError),
    ...workers.all.map(({ worker }) => repeat(INTERVAL_MS, () => worker.watch(), onError)),
    repeat(PING_MS, async () => void (await connections.subscriber.ping()), onError),
    maintainDeadLetters({ fleet, queues, settings, log, troubles }),
    maintainCrawls({ fleet, queues, settings, log, troubles }),
    ...ofShards,
    ...(fleet.shards.length > 1 ? betweenShards(fleet, workers, onError) : []),
  ];
}

/**
 * What only a fleet with several shards needs. One of its processes does each of these at a time. One without
 * jobs looks more often whether crawls have ended: it may have ended the last one.
 */
function betweenShards(fleet: Fleet, workers: ShardWorkers, onError: (error: unknown) => void): Interval[] {
  const alone = async (shard: Fleet, name: string, ms: number, work: () => Promise<unknown>) => {
    if (await takeLease(shard, name, ms * 0.9)) await work();
  };
  let looks = 0;
  const ends = async () => {
    if (++looks % (INTERVAL_MS / END_MS) !== 0 && workers.inHand() > 0) return;
    await alone(fleet, 'ends', END_MS, () => endFinishedCrawls(fleet));
  };
  const eachSecond = (shard: Fleet, name: string, work: () => Promise<unknown>) =>
    repeat(INTERVAL_MS, () => alone(shard, name, INTERVAL_MS, work), onError);
  return [
    repeat(END_MS, ends, onError),
    ...fleet.shards.slice(1).map((shard) => eachSecond(shard, 'align', () => alignParts(shard))),
    ...fleet.shards.map((shard) => eachSecond(shard, 'links', () => sweepLinks(shard))),
  ];
}

/** With the last page of a crawl, this may be the last process that could end it. */
async function endWhatIsDone(fleet: Fleet): Promise<void> {
  const ended = linksSettled(fleet).then(() => endFinishedCrawls(fleet));
  await Promise.race([ended, sleep(LAST_LOOK_MS, undefined, { ref: false })]);
}

/** One process of the fleet drives the replays of a shard at a time. When it is gone, another takes over. */
async function driveReplaysAlone(fleet: Fleet, queue: RequestQueue): Promise<void> {
  if (await takeLease(fleet, 'replays', INTERVAL_MS * 0.9)) await driveReplays(fleet, queue);
}
