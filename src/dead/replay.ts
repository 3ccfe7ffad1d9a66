// Replay: dead letters become waiting requests again, a few of each group first, the rest when those are
// recorded. Consumers drive all runs one step a second, so a run goes on when the process that started it is
// gone.

import { letCrawlGo, stayWithCrawl } from '../crawl/crawl.ts';
import { wakeCrawl } from '../crawl/shards/end.ts';
import { type Fleet, homeOfShard } from '../fleet.ts';
import { limiterKeyOfRequest } from '../frontier/entry.ts';
import { groupOf, type Replayed, replayLetters } from '../frontier/replay.ts';
import { dropStep } from '../frontier/steer.ts';
import { crawlAndId } from '../keys.ts';
import { letterOf } from '../queue/dead-letters.ts';
import { requestIfOwn } from '../queue/job-data.ts';
import type { RequestQueue } from '../queue/queue.ts';
import type { Request } from '../request.ts';
import { type DeadFilter, matchesId, matchesLetter } from './filter.ts';
import { findJob, groupKey, pagesByAge } from './groups.ts';
import {
  askedOf,
  createRun,
  endRun,
  letRestFollow,
  lookAtReplay,
  type ReplayOverrides,
  type ReplayRun,
  type RunAtWork,
  readRun,
  runsAtWork,
} from './replay-runs.ts';
import { cancelledAmong, countReplayable } from './replayable.ts';

/** Most requests of a run in lanes or in flight at one time. So a run that is stopped ends soon. */
const WINDOW = 1000;

/** A group with more letters gets a canary by default. */
export const LARGE_GROUP = 20;
export const DEFAULT_CANARY = 5;
/** Share of the canary that must be recorded before the rest follows, by default. */
export const DEFAULT_RATE = 0.8;

export interface ReplayHow {
  /**
   * Letters of each group to try first. Null means DEFAULT_CANARY for groups with more than LARGE_GROUP
   * letters, and none for the others.
   */
  canary: number | null;
  /** Share of the canary that must be recorded; 0 to 1. */
  rate: number;
  overrides: ReplayOverrides;
}

/**
 * Starts a run for each group of a shard with letters that match, or joins the same run that is at work.
 * When it resolves, the canaries (or the first of the rest) are in their lanes. Letters that fail later are
 * not part of the run. Each letter is brought back once, however many runs match it.
 */
export async function startReplay(
  fleet: Fleet,
  queue: RequestQueue,
  filter: DeadFilter,
  how: ReplayHow,
): Promise<ReplayRun[]> {
  const ids: string[] = [];
  const { groups } = await countReplayable(fleet, queue, filter);
  for (const { code, host, count: total } of groups) {
    const canary = how.canary ?? canaryOf(total);
    ids.push(await createRun(fleet, { ...how, canary, code, host, filter, total }));
  }
  // The same run may be at work although no matching letter is left: all are brought back already. It is
  // joined too.
  const asked = askedOf(filter, how.overrides);
  for (const { id, filter, given } of await runsAtWork(fleet))
    if (!ids.includes(id) && askedOf(filter, given) === asked) ids.push(id);
  await driveReplays(fleet, queue);
  return Promise.all(ids.map((id) => lookAtReplay(fleet, id)));
}

function canaryOf(total: number): number {
  return total > LARGE_GROUP ? DEFAULT_CANARY : 0;
}

/**
 * Stops a run: no further letter is brought back, and those brought back before go on. Idempotent. Throws
 * E_REPLAY_UNKNOWN.
 */
export async function stopReplay(fleet: Fleet, id: string): Promise<ReplayRun> {
  await lookAtReplay(fleet, id);
  await finish(fleet, id, 'stopped');
  return lookAtReplay(fleet, id);
}

/**
 * Does one step of every run at work: judges canaries, brings back the letters that may follow. Idempotent;
 * several processes may call it at once. A run that fails does not stop the others; the first error is thrown
 * at the end.
 */
export async function driveReplays(fleet: Fleet, queue: RequestQueue): Promise<void> {
  const errors: unknown[] = [];
  for (const run of await runsAtWork(fleet))
    await drive({ fleet, queue }, run).catch((error) => errors.push(error));
  if (errors.length > 0) throw errors[0];
}

interface Parts {
  fleet: Fleet;
  queue: RequestQueue;
}

async function drive(parts: Parts, run: RunAtWork): Promise<void> {
  const { fleet } = parts;
  const { id } = run;
  await holdCrawls(fleet, id);
  const left = await bringBack(parts, run);
  const now = await readRun(fleet, id);
  if (!now || now.endedAt !== null) return;
  const isQuiet = now.opened === now.recorded + now.refused + now.dead;
  if (!isQuiet) return;
  if (now.phase === 'rest') {
    if (left === 'none') await finish(fleet, id, 'done');
    return;
  }
  if (left === 'more' && now.opened < now.canary) return;
  if (now.opened > 0 && now.recorded / now.opened < now.rate) return finish(fleet, id, 'stopped');
  if (!(await letRestFollow(fleet, id))) return;
  const rest = await readRun(fleet, id);
  if (rest) await drive(parts, rest);
}

/**
 * Keeps the run's crawls open until the run has ended. Of a cancelled crawl, drops waiting requests, in case
 * the cancelling process was interrupted.
 */
async function holdCrawls(fleet: Fleet, id: string): Promise<void> {
  for (const crawl of await fleet.redis.smembers(fleet.keys.replayCrawls(id))) {
    if ((await fleet.redis.hget(fleet.keys.crawl(crawl), 'state')) === 'cancelled')
      await dropStep(fleet, crawl);
    else await stayWithCrawl(fleet, crawl, holderOf(id));
  }
}

async function finish(fleet: Fleet, id: string, phase: 'done' | 'stopped'): Promise<void> {
  await endRun(fleet, id, phase);
  for (const crawl of await fleet.redis.smembers(fleet.keys.replayCrawls(id)))
    await letCrawlGo(fleet, crawl, holderOf(id));
}

/** The name of the lease by which a run holds its crawls open. src/frontier/lua/replay.lua spells it too. */
function holderOf(id: string): string {
  return `replay-${id}`;
}

/** Brings back as many letters as the run allows now. Returns whether matching letters are left. */
async function bringBack(parts: Parts, run: RunAtWork): Promise<'none' | 'more'> {
  const { fleet } = parts;
  const { phase, canary, recorded, refused, dead, filter, until } = run;
  const most = phase === 'canary' ? canary : recorded + refused + dead + WINDOW;
  const step = { id: run.id, most, phase, group: groupOf(run.code, run.host) };
  const since = Math.max(filter.since ?? 0, run.from);
  let room = most - run.opened;
  let onItsWay = false;
  for await (const page of pagesByAge(fleet.redis, groupKey(fleet, run.code, run.host), since, until)) {
    if (room <= 0) return 'more';
    const found = await lettersOf(parts, page, run);
    onItsWay ||= found.onItsWay;
    const letters = found.letters.slice(0, room);
    if (fleet.shard !== 0) await wakeAtHome(fleet, letters);
    const answers = letters.length > 0 ? await replayLetters(fleet, step, letters) : [];
    const [opened, gone, later] = (['opened', 'gone', 'later'] as const).map(
      (kind) => answers.filter((answer) => answer === kind).length,
    ) as [number, number, number];
    room -= opened;
    // Another driver was faster, or the run may not bring back more now. The next step continues from here.
    if (later > 0 || letters.length < found.letters.length) return 'more';
    // The next step begins after this page, so letters that do not match are not read again.
    if (opened + gone < page.length && !onItsWay)
      await fleet.redis.hset(fleet.keys.replay(run.id), 'from', page.at(-1)?.at ?? 0);
  }
  return onItsWay ? 'more' : 'none';
}

/** So that no crawl is found to be at an end while letters of it come back on another shard. */
async function wakeAtHome(fleet: Fleet, letters: readonly Replayed[]): Promise<void> {
  const crawls = new Set(letters.map(({ crawl }) => crawl));
  await Promise.all([...crawls].map((crawl) => wakeCrawl(homeOfShard(fleet), crawl)));
}

/**
 * The letters of a page that match and whose crawl was not cancelled. `onItsWay` says that a job has not
 * reached the failed set yet, so that nobody can know whether it matches.
 */
async function lettersOf(
  { fleet, queue }: Parts,
  page: readonly { jobId: string }[],
  { filter, given }: RunAtWork,
): Promise<{ letters: Replayed[]; onItsWay: boolean }> {
  const cancelled = await cancelledAmong(fleet, page);
  const likely = page.filter(
    ({ jobId }) => matchesId(jobId, filter) && !cancelled.has(crawlAndId(jobId).crawl),
  );
  const jobs = (await Promise.all(likely.map(({ jobId }) => findJob(queue, jobId)))).filter(
    (job) => job !== null,
  );
  const dead = jobs.filter(({ finishedOn }) => finishedOn !== undefined);
  const letters = dead.flatMap((job) => {
    const letter = letterOf(job);
    const request = requestIfOwn(job);
    if (!request || !matchesLetter(letter, filter)) return [];
    return [{ crawl: letter.crawl, id: letter.id, request: overridden(request, given) }];
  });
  return { letters, onItsWay: dead.length < jobs.length };
}

/** The request with the overrides. Its id stays the same, because it depends on URL, method and body only. */
function overridden(request: Request, { attempts, timeouts, headers, delayMs }: ReplayOverrides): Request {
  const { extras } = request;
  const changed = {
    ...extras,
    ...(attempts === undefined ? {} : { attempts }),
    ...(timeouts ? { timeouts: { ...extras?.timeouts, ...timeouts } } : {}),
    ...(headers ? { headers: { ...extras?.headers, ...headers } } : {}),
    ...(delayMs === undefined
      ? {}
      : { limiter: { ...extras?.limiter, key: limiterKeyOfRequest(request), delayMs } }),
  };
  return { ...request, extras: Object.keys(changed).length > 0 ? changed : null };
}
