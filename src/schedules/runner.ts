// What a consumer does for schedules: it starts the runs that are due, and repairs what a crash has left
// between a schedule and its job scheduler.
import type { Settings } from '../config/settings.ts';
import { type Interval, repeat, takeLease } from '../fleet/interval.ts';
import type { TroubleLog } from '../fleet/trouble-log.ts';
import type { Fleet } from '../fleet.ts';
import type { Log } from '../log.ts';
import {
  dropDueJobs,
  keepDueJobs,
  listDueJobs,
  openScheduleQueue,
  openScheduleWorker,
  type ScheduleQueue,
  type ScheduleWorker,
} from '../queue/schedule-queue.ts';
import { closeRedis, type Redis } from '../redis.ts';
import { startRun } from './start-run.ts';

const ASK_MS = 1000;
const REPAIR_MS = 5000;
/** A job that is due for this long and was not taken: the worker's blocking read is stuck. */
const ASLEEP_MS = 10_000;

/**
 * Starts at once. A process opens a worker, with a connection of its own from `connect`, when there are
 * schedules. The caller closes it and the fleet's connection after stop().
 */
export function runSchedules(parts: {
  fleet: Fleet;
  /** The crawl that this process serves: unless it is '*', it would not dispatch what a schedule begins. */
  serve: string;
  connect: () => Redis;
  settings: Pick<Settings, 'lockDuration'>;
  log: Log;
  troubles: TroubleLog;
}): Interval {
  const { fleet, serve, connect, settings, log, troubles } = parts;
  const onError = (error: unknown) => troubles.note(error, 'schedules');
  let stopping = false;
  let queue: ScheduleQueue | null = null;
  let running: { worker: ScheduleWorker; connection: Redis } | null = null;
  let openedAt = 0;

  function open(): void {
    const connection = connect();
    const start = (run: Parameters<typeof startRun>[1]) =>
      startRun({ fleet, log, stopped: () => stopping }, run);
    const options = {
      connection,
      namespace: fleet.namespace,
      lockDurationMs: settings.lockDuration,
      start,
      onError,
    };
    running = { worker: openScheduleWorker(options), connection };
    openedAt = performance.now();
  }

  async function look(): Promise<void> {
    if (serve !== '*') return;
    if ((await fleet.redis.zcard(fleet.keys.schedules)) === 0) return;
    queue ??= openScheduleQueue(fleet, onError);
    if (!running) open();
    if (!(await takeLease(fleet, 'schedules', REPAIR_MS))) return;
    await repairDueJobs(fleet, queue);
    if (performance.now() - openedAt < ASLEEP_MS || !(await isAsleep(queue))) return;
    log.warn('scheduled runs wait but none is taken: a new worker replaces the old one');
    const asleep = running;
    open();
    asleep?.worker.close().catch(() => undefined);
    if (asleep) closeRedis(asleep.connection);
  }

  const asking = repeat(ASK_MS, look, onError);
  return {
    async stop() {
      stopping = true;
      await asking.stop();
      await running?.worker.close();
    },
  };
}

/** Whether a job is due for long and no worker of the fleet has taken any meanwhile. */
async function isAsleep(queue: ScheduleQueue): Promise<boolean> {
  const [waiting, delayed, active] = await Promise.all([
    queue.getWaitingCount(),
    queue.getDelayed(0, 0),
    queue.getActiveCount(),
  ]);
  const first = delayed[0];
  const lateMs = first ? Date.now() - (first.timestamp + first.delay) : 0;
  return active === 0 && (waiting > 0 || lateMs > 0) && (waiting > 0 || lateMs > ASLEEP_MS);
}

/** Each schedule has a job scheduler with a next job, and each job scheduler has a schedule. Idempotent. */
export async function repairDueJobs(fleet: Fleet, queue: ScheduleQueue): Promise<void> {
  const { redis, keys } = fleet;
  const kept = new Map((await listDueJobs(queue)).map((found) => [found.name, found]));
  for (const name of await redis.zrange(keys.schedules, '0', '-1')) {
    const [token, cron, zone] = await redis.hmget(keys.schedule(name), 'token', 'cron', 'zone');
    const found = kept.get(name);
    kept.delete(name);
    if (!token || !cron || !zone) continue;
    const isLate = !found?.isThere && Date.now() - (found?.next ?? 0) > REPAIR_MS;
    if (found?.token === token && !isLate) continue;
    if (found && found.token !== token) await dropDueJobs(queue, name);
    await keepDueJobs(queue, { name, token, cron, zone });
  }
  for (const name of kept.keys())
    if (!(await redis.exists(keys.schedule(name)))) await dropDueJobs(queue, name);
}
