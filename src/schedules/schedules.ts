// Schedules in Redis: adding, listing and removing them, and asking for a run by hand.
import { randomUUID } from 'node:crypto';
import { type CrawlSettings, storedSettings } from '../config/settings.ts';
import { newestEnded } from '../crawl/again.ts';
import { checkCrawlName, checkShards } from '../crawl/crawl.ts';
import { readFormerRun } from '../crawl/former-run.ts';
import { DroverError } from '../errors.ts';
import { type Fleet, redisTimeMs } from '../fleet.ts';
import { type Cron, nextDue } from '../queue/next-due.ts';
import { addDueJob, dropDueJobs, keepDueJobs, type ScheduleQueue } from '../queue/schedule-queue.ts';
import { redact } from '../redact.ts';
import { defineScript } from '../scripts.ts';
import type { ParsedSeed } from '../seeds/read.ts';
import { checkCron } from './cron.ts';

/** What a schedule may hold; more belongs into a sitemap. */
const MOST_SEEDS = 10_000;
const MOST_SEED_BYTES = 1024 * 1024;

export type ScheduledSeed = Extract<ParsedSeed, { input: unknown }>;

/** What a schedule begins. */
export interface Scheduled {
  /** Of its crawls; of a schedule without seeds of its own, as they were when it was added. */
  settings: CrawlSettings;
  /**
   * Of a schedule without seeds of its own: what it changes of the settings of the former run, which it
   * repeats. Null for one with seeds.
   */
  changes: Partial<CrawlSettings> | null;
  seeds: readonly ScheduledSeed[];
  /** The seeds as the user named them. */
  seedsText: string;
  /** The address of the crawls' store, without password; '' for files, or for that of the former run. */
  store: string;
}

export interface NewSchedule extends Cron, Scheduled {
  /** Also the name of the crawls that it begins. */
  name: string;
}

/** A schedule as it is kept. */
export interface KeptSchedule extends Scheduled {
  /** A schedule that takes its place has another one. */
  token: string;
}

export type RunOutcome = 'started' | 'skipped';

/** How a due time ended. */
export interface RunEnd {
  outcome: RunOutcome;
  /** Which began, or went on; the newest of that name if none could begin. Null if there was none. */
  crawl: string | null;
  /** The run by which the crawl that began asks what has changed; null for none. */
  former: string | null;
  /** The code of the error because of which no crawl could begin; else null. */
  why: string | null;
}

/** A schedule as commands and the API show it. Times are ISO 8601. */
export interface ScheduleView extends Cron {
  name: string;
  /** The seeds as the user named them; '' if it has none of its own. */
  seeds: string;
  /** It has no seeds of its own: it repeats the former run, with its seeds and settings. */
  again: boolean;
  /** The run by which the next one asks what has changed; null for none. */
  former: string | null;
  addedAt: string;
  next: string | null;
  /** How often its runs started, and how often one was skipped. */
  started: number;
  skipped: number;
  last: (RunEnd & { due: string }) | null;
}

const addScript = defineScript({
  path: 'schedules/lua/add-schedule.lua',
  isAcknowledged: true,
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
  isAcknowledged: true,
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
  const { name, cron, zone, settings, changes, seeds, seedsText, store } = schedule;
  checkCrawlName(name, 'The name of the schedule');
  checkShards(fleet, settings);
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
    ...(changes === null ? {} : { again: JSON.stringify(changes) }),
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

/** How the run of this due time ended; null before that. */
export async function outcomeOf({ redis, keys }: Fleet, name: string, due: number): Promise<RunEnd | null> {
  const text = await redis.hget(keys.scheduleRuns(name), String(due));
  if (text === null) return null;
  const [outcome, crawl = '', , why = ''] = text.split('\x1f');
  const former = outcome === 'started' ? await redis.hget(keys.crawl(crawl), 'former') : null;
  return {
    outcome: outcome as RunOutcome,
    crawl: crawl || null,
    former: readFormerRun(former)?.crawl ?? null,
    why: why || null,
  };
}

/** All schedules, in the order in which they were added. */
export async function listSchedules(fleet: Fleet): Promise<ScheduleView[]> {
  const { redis, keys } = fleet;
  const names = await redis.zrange(keys.schedules, '0', '-1');
  if (names.length === 0) return [];
  const now = await redisTimeMs(fleet);
  const pipeline = redis.pipeline();
  const wanted = ['cron', 'zone', 'seedsText', 'started', 'skipped', 'lastDue', 'again'] as const;
  for (const name of names) {
    pipeline.hmget(keys.schedule(name), ...wanted);
    pipeline.zscore(keys.schedules, name);
  }
  const replies = ((await pipeline.exec()) ?? []).map(([, reply]) => reply);
  const views = names.map(async (name, index): Promise<ScheduleView[]> => {
    const [cron, zone, seeds, started, skipped, lastDue, again] = (replies[2 * index] ?? []) as string[];
    if (!cron || !zone) return [];
    const ended = lastDue ? await outcomeOf(fleet, name, Number(lastDue)) : null;
    const next = nextDue({ cron, zone }, now);
    return [
      {
        ...{ name, cron, zone, seeds: redact(seeds ?? ''), again: (again ?? null) !== null },
        former: (await newestEnded(fleet, name))?.crawl ?? null,
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

/** Null when there is none (any more). */
export async function readSchedule({ redis, keys }: Fleet, name: string): Promise<KeptSchedule | null> {
  const [token, settings, again, seeds, seedsText, store] = await redis.hmget(
    keys.schedule(name),
    ...['token', 'settings', 'again', 'seeds', 'seedsText', 'store'],
  );
  if (token == null) return null;
  return {
    token,
    settings: storedSettings(settings),
    changes: again ? (JSON.parse(again) as Partial<CrawlSettings>) : null,
    seeds: (seeds ?? '')
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as ScheduledSeed),
    ...{ seedsText: seedsText ?? '', store: store ?? '' },
  };
}

const iso = (ms: unknown) => new Date(Number(ms)).toISOString();

function unknownSchedule(name: string): DroverError {
  return new DroverError('E_SCHEDULE_UNKNOWN', `The name given is ${JSON.stringify(name)}.`);
}
