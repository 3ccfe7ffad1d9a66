// The queue "scheduled" in BullMQ: a job is a schedule's run that is due. A job scheduler of BullMQ for each
// schedule makes them.
import type { Fleet } from '../fleet.ts';
import type { Redis } from '../redis.ts';
import { type Cron, nextDue } from './next-due.ts';
import {
  type AdvancedRepeatOptions,
  backoffOf,
  type Job,
  Queue,
  RetryError,
  restAfterErrors,
  STALLED_INTERVAL_MS,
  WaitingError,
  Worker,
} from './queue.ts';

const SCHEDULE_QUEUE = 'scheduled';
/** A run that fails because of Redis is tried again for days. */
const MOST_ATTEMPTS = 10_000;
const AGAIN_MS = 5000;
const KEPT = 100;

interface DueData {
  schedule: string;
  /** Of the schedule: a schedule that took its place has another one. '' for whichever has the name. */
  token: string;
  /** When a run that was asked for by hand was due, in milliseconds. The id of other jobs says when. */
  due?: number;
}

export type ScheduleJob = Job<DueData, void, string>;
export type ScheduleQueue = Queue<DueData, void, string>;
export type ScheduleWorker = Worker<DueData, void, string>;

/** A run that is due. */
export interface DueRun {
  schedule: string;
  token: string;
  /** Milliseconds since 1970. */
  due: number;
}

const jobOptions = {
  attempts: MOST_ATTEMPTS,
  backoff: { type: 'custom' },
  stackTraceLimit: 1,
  removeOnComplete: { count: KEPT },
  removeOnFail: { count: KEPT },
};

export function openScheduleQueue(
  fleet: Fleet,
  onError: (error: Error) => void = () => undefined,
): ScheduleQueue {
  const queue: ScheduleQueue = new Queue(SCHEDULE_QUEUE, {
    connection: fleet.redis,
    prefix: fleet.namespace,
    streams: { events: { maxLen: 100 } },
    settings,
  });
  queue.on('error', onError); // without a listener, BullMQ prints them
  return queue;
}

/**
 * For queue and worker: BullMQ 6.7 computes times with its own cron-parser 5.10.3, which leaves out a day
 * whose midnight is missing in summer time, and goes back in time in some zones
 * (findings/cron-parser-backwards.sh).
 */
const settings: AdvancedRepeatOptions = {
  repeatStrategy: (from, { pattern = '', tz = 'UTC' }) =>
    nextDue({ cron: pattern, zone: tz }, from) ?? undefined,
};

/** From now on, a job comes at each due time. To do it again changes nothing. */
export async function keepDueJobs(
  queue: ScheduleQueue,
  { name, token, cron, zone }: { name: string; token: string } & Cron,
): Promise<void> {
  const data = { schedule: name, token };
  await queue.upsertJobScheduler(name, { pattern: cron, tz: zone }, { name: 'run', data, opts: jobOptions });
}

/** Adds the job of a run that is asked for by hand. */
export async function addDueJob(queue: ScheduleQueue, schedule: string, due: number): Promise<void> {
  const opts = { ...jobOptions, jobId: `run-${schedule}-${due}` };
  await queue.add('run', { schedule, token: '', due }, opts);
}

/** Which job schedulers there are, with the token of their schedule and the time of their next job. */
export async function listDueJobs(
  queue: ScheduleQueue,
): Promise<{ name: string; token: string; next: number | null; isThere: boolean }[]> {
  const found = await queue.getJobSchedulers(0, -1, true);
  return Promise.all(
    found.map(async ({ key, next, template }) => ({
      name: key,
      token: template?.data?.token ?? '',
      next: next ?? null,
      isThere: (await queue.getJob(`repeat:${key}:${next}`)) !== undefined,
    })),
  );
}

export async function dropDueJobs(queue: ScheduleQueue, name: string): Promise<void> {
  await queue.removeJobScheduler(name);
}

/** A worker that takes jobs at once. `start` returns false when the process stops, to put the job back. */
export function openScheduleWorker(parts: {
  connection: Redis;
  namespace: string;
  lockDurationMs: number;
  start: (run: DueRun) => Promise<boolean>;
  onError: (error: Error) => void;
}): ScheduleWorker {
  const worker: ScheduleWorker = new Worker(
    SCHEDULE_QUEUE,
    async (job, token) => {
      if (await attempt(parts.start, job, parts.onError)) return;
      await job.moveToWait(token ?? '');
      throw new WaitingError();
    },
    {
      connection: parts.connection,
      prefix: parts.namespace,
      concurrency: 4,
      lockDuration: parts.lockDurationMs,
      stalledInterval: STALLED_INTERVAL_MS,
      maxStalledCount: Number.MAX_SAFE_INTEGER,
      runRetryDelay: 500,
      settings: { ...settings, backoffStrategy: (_attempts, _type, error) => backoffOf(error) },
    },
  );
  worker.on('error', parts.onError);
  restAfterErrors(worker);
  return worker;
}

async function attempt(
  start: (run: DueRun) => Promise<boolean>,
  job: ScheduleJob,
  onError: (error: Error) => void,
): Promise<boolean> {
  const { schedule, token, due = Number(job.id?.split(':').at(-1)) } = job.data;
  try {
    return await start({ schedule, token, due });
  } catch (error) {
    onError(error as Error);
    throw new RetryError(String(error), AGAIN_MS);
  }
}
