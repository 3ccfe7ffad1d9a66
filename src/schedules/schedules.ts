// Schedules in Redis: adding, listing and removing them, and asking for a run by hand.
import { randomUUID } from 'node:crypto';
import { type CrawlSettings, storedSettings } from '../config/settings.ts';
import { checkCrawlName } from '../crawl/crawl.ts';
import { DroverError } from '../errors.ts';
import { type Fleet, redisTimeMs } from '../fleet.ts';
import {
  addDueJob,
  type Cron,
  dropDueJobs,
  keepDueJobs,
  nextDue,
  type ScheduleQueue,
} from '../queue/schedule-queue.ts';
import { redact } from '../redact.ts';
import { defineScript } from '../scripts.ts';
import type { ParsedSeed } from '../seeds/read.ts';
import { checkCron } from './cron.ts';

/** What a schedule may hold; more belongs into a sitemap. */
const MOST_SEEDS = 10_000;
const MOST_SEED_BYTES = 1024 * 1024;

export type ScheduledSeed = Extract<ParsedSeed, { input: unknown }>;

export interface NewSchedule extends Cron {
  /** Also the name of the crawls that it begins. */
  name: string;
  settings: CrawlSettings;
  seeds: readonly ScheduledSeed[];
  /** The seeds as the user named them. */
  seedsText: string;
  /** The address of the crawls' store, without password; '' for files. */
  store: string;
}

export type RunOutcome = 'started' | 'skipped';

/** A schedule as commands and the API show it. Times are ISO 8601. */
export interface ScheduleView extends Cron {
  name: string;
  /** The seeds as the user named them. */
  seeds: string;
  addedAt: string;
  next: string | null;
  /** How often its runs started, and how often one was skipped because the former went on. */
  started: number;
  skipped: number;
  last: { due: string; outcome: RunOutcome; crawl: string } | null;
}

const addScript = defineScript({
  path: 'schedules/lua/add-schedule.lua',
  key: (keys) => keys.schedules,
  args: ({ name, replaces, fields }: { name: string; replaces: boolean; fields: object }) => [
    name,
    replaces ? '1' : '0',
    JSON.stringify(fields),
  ],
  answer: (reply) => reply === 1,
});
const removeScript = defineScript({
  path: 'schedules/lua/remove-schedule.lua',
  key: (keys) => keys.schedules,
  args: (name: string) => [name],
  answer: (reply) => reply === 1,
});

/**
 * Adds a schedule. Returns the time of its first run, in milliseconds. Throws E_SCHEDULE, E_SCHEDULE_EXISTS,
 * and E_SETTING for a name that no crawl can have; then nothing has been added.
 */
export async function addSchedule(
  fleet: Fleet,
  queue: ScheduleQueue,
  schedule: NewSchedule,
  replaces = false,
): Promise<number> {
  const { name, cron, zone, settings, seeds, seedsText, store } = schedule;
  checkCrawlName(name, 'The name of the schedule');
  const next = checkCron(schedule, await redisTimeMs(fleet));
  const lines = seeds.map((seed) => JSON.stringify(seed)).join('\n');
  if (seeds.length > MOST_SEEDS || Buffer.byteLength(lines) > MOST_SEED_BYTES)
    throw new DroverError(
      'E_SCHEDULE',
      `It may hold ${MOST_SEEDS} seeds of 1 MiB in all (got ${seeds.length}); use --sitemap for more.`,
    );
  const token = randomUUID().slice(0, 8);
  const fields = {
    ...{ token, cron: cron.trim(), zone, seeds: lines, seedsText, store },
    ...{ settings: JSON.stringify(settings), webhook: settings.webhook === null ? '0' : '1' },
  };
  if (!(await fleet.run(addScript, { name, replaces, fields })))
    throw new DroverError('E_SCHEDULE_EXISTS', `The name given is ${JSON.stringify(name)}.`);
  await dropDueJobs(queue, name); // those of the schedule whose place it takes
  await keepDueJobs(queue, { name, token, cron: cron.trim(), zone });
  return next;
}

/** Removes a schedule; a crawl that it began goes on. Throws E_SCHEDULE_UNKNOWN. */
export async function removeSchedule(fleet: Fleet, queue: ScheduleQueue, name: string): Promise<void> {
  const wasThere = await fleet.run(removeScript, name);
  await dropDueJobs(queue, name);
  if (!wasThere) throw unknownSchedule(name);
}

/**
 * Asks for a run now. Returns its due time, under which `outcomeOf` finds how it ended. A consumer starts it.
 * Throws E_SCHEDULE_UNKNOWN.
 */
export async function askForRun(fleet: Fleet, queue: ScheduleQueue, name: string): Promise<number> {
  if (!(await fleet.redis.exists(fleet.keys.schedule(name)))) throw unknownSchedule(name);
  const due = Math.floor(await redisTimeMs(fleet));
  await addDueJob(queue, name, due);
  return due;
}

/** How the run of this due time ended, and the crawl that it began or that went on; null before that. */
export async function outcomeOf(
  { redis, keys }: Fleet,
  name: string,
  due: number,
): Promise<{ outcome: RunOutcome; crawl: string } | null> {
  const text = await redis.hget(keys.scheduleRuns(name), String(due));
  if (text === null) return null;
  const [outcome, crawl = ''] = text.split('\x1f');
  return { outcome: outcome as RunOutcome, crawl };
}

/** All schedules, in the order in which they were added. */
export async function listSchedules(fleet: Fleet): Promise<ScheduleView[]> {
  const { redis, keys } = fleet;
  const names = await redis.zrange(keys.schedules, '0', '-1');
  if (names.length === 0) return [];
  const now = await redisTimeMs(fleet);
  const pipeline = redis.pipeline();
  const wanted = ['cron', 'zone', 'seedsText', 'started', 'skipped', 'lastDue', 'lastOutcome'] as const;
  for (const name of names) {
    pipeline.hmget(keys.schedule(name), ...wanted);
    pipeline.zscore(keys.schedules, name);
  }
  const replies = ((await pipeline.exec()) ?? []).map(([, reply]) => reply);
  const views = names.map(async (name, index): Promise<ScheduleView[]> => {
    const [cron, zone, seeds, started, skipped, lastDue] = (replies[2 * index] ?? []) as string[];
    if (!cron || !zone) return [];
    const ended = lastDue ? await outcomeOf(fleet, name, Number(lastDue)) : null;
    const next = nextDue({ cron, zone }, now);
    return [
      {
        ...{ name, cron, zone, seeds: redact(seeds ?? '') },
        addedAt: iso(replies[2 * index + 1]),
        next: next === null ? null : iso(next),
        started: Number(started ?? 0),
        skipped: Number(skipped ?? 0),
        last: ended && { due: iso(lastDue), ...ended },
      },
    ];
  });
  return (await Promise.all(views)).flat();
}

/** Seeds and settings of a schedule; null when there is none (any more). */
export async function readSchedule(
  { redis, keys }: Fleet,
  name: string,
): Promise<{ settings: CrawlSettings; seeds: ScheduledSeed[] } | null> {
  const [settings, seeds] = await redis.hmget(keys.schedule(name), 'settings', 'seeds');
  if (settings == null) return null;
  return {
    settings: storedSettings(settings),
    seeds: (seeds ?? '')
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as ScheduledSeed),
  };
}

const iso = (ms: unknown) => new Date(Number(ms)).toISOString();

function unknownSchedule(name: string): DroverError {
  return new DroverError('E_SCHEDULE_UNKNOWN', `The name given is ${JSON.stringify(name)}.`);
}
