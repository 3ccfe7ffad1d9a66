// Replay: dead letters become waiting requests again, a few of a group first, the rest when those come through. Driven step by step, by whoever
// calls: consumers do it every second, so that a run goes on when the one who started it is gone.

import { limiterKeyOfRequest } from '../frontier/entry.ts';
import { crawlAndId } from '../frontier/keys.ts';
import { LETTERS_A_CALL, type Replayed, replayLetters } from '../frontier/replay.ts';
import { letterOf } from '../queue/dead-letters.ts';
import type { RequestQueue } from '../queue/queue.ts';
import type { Redis } from '../redis.ts';
import { type Request, unpackRequest } from '../request.ts';
import { leaveCrawl, stayWithCrawl } from './crawl.ts';
import { type DeadFilter, matchesLetter } from './dead-filter.ts';
import { groupKey, indexedGroups, jobOf, reconcileDead } from './dead-index.ts';
import { extentOf } from './dead-look.ts';
import {
  createRun,
  endRun,
  lookAtReplay,
  type ReplayOverrides,
  type ReplayRun,
  type RunAtWork,
  readRun,
  runKey,
  runsAtWork,
} from './dead-runs.ts';

/** So many of a run are in the lanes or in flight at most: a run that is stopped stops soon. */
const WINDOW = 1000;

/**
 * Starts a run for each group with letters that match, or joins the one that is at work on the very same; the canaries (or the first of the rest)
 * are in their lanes when this resolves. Letters that die later are not part of it. A letter is brought back once, however many runs want it.
 */
export async function startReplay(
  redis: Redis,
  shard: string,
  queue: RequestQueue,
  filter: DeadFilter,
  how: { canary: number; rate: number; overrides: ReplayOverrides },
): Promise<ReplayRun[]> {
  await reconcileDead(redis, shard, queue);
  const ids: string[] = [];
  for (const { code, host } of await indexedGroups(redis, shard, filter)) {
    const extent = await extentOf({ redis, shard, queue }, { code, host }, filter);
    if (extent) ids.push(await createRun(redis, shard, { ...how, code, host, filter, total: extent.count }));
  }
  await driveReplays(redis, shard, queue);
  return Promise.all(ids.map((id) => lookAtReplay(redis, shard, id)));
}

/** Brings no more of it back; what it brought back goes its way. Idempotent. Throws E_REPLAY_UNKNOWN. */
export async function stopReplay(redis: Redis, shard: string, id: string): Promise<ReplayRun> {
  await lookAtReplay(redis, shard, id);
  await finish(redis, shard, id, 'stopped');
  return lookAtReplay(redis, shard, id);
}

/** One step of every run at work: judges canaries, brings back what may follow. Idempotent, and harmless when several do it at once. */
export async function driveReplays(redis: Redis, shard: string, queue: RequestQueue): Promise<void> {
  for (const run of await runsAtWork(redis, shard)) await drive(redis, shard, queue, run);
}

async function drive(redis: Redis, shard: string, queue: RequestQueue, run: RunAtWork): Promise<void> {
  const { id } = run;
  for (const crawl of await redis.smembers(`${runKey(shard, id)}:crawls`))
    await stayWithCrawl(redis, shard, crawl, holderOf(id));
  const left = await bringBack(redis, shard, queue, run);
  const now = await readRun(redis, shard, id);
  if (!now || now.endedAt !== null) return;
  const isQuiet = now.opened === now.recorded + now.refused + now.dead;
  if (!isQuiet) return;
  if (now.phase === 'rest') {
    if (left === 'none') await finish(redis, shard, id, 'done');
    return;
  }
  if (left === 'more' && now.opened < now.canary) return;
  if (now.opened > 0 && now.recorded < now.rate * now.opened) return finish(redis, shard, id, 'stopped');
  await redis.hset(runKey(shard, id), 'phase', 'rest');
  const rest = await readRun(redis, shard, id);
  if (rest) await drive(redis, shard, queue, rest);
}

async function finish(redis: Redis, shard: string, id: string, phase: 'done' | 'stopped'): Promise<void> {
  await endRun(redis, shard, id, phase);
  for (const crawl of await redis.smembers(`${runKey(shard, id)}:crawls`))
    await leaveCrawl(redis, shard, crawl, holderOf(id));
}

/** Under this name a run holds its crawls open; lua/replay.lua knows it too. */
function holderOf(id: string): string {
  return `replay-${id}`;
}

/** Brings back as many as may be now. Answers whether some that match are left. */
async function bringBack(
  redis: Redis,
  shard: string,
  queue: RequestQueue,
  run: RunAtWork,
): Promise<'none' | 'more'> {
  const { phase, canary, recorded, refused, dead } = run;
  const most = phase === 'canary' ? canary : recorded + refused + dead + WINDOW;
  const key = groupKey(shard, run.code, run.host);
  const { filter, until } = run;
  const since = Math.max(filter.since ?? 0, run.from);
  let room = most - run.opened;
  // Letters that do not match are not looked at again with the next step.
  const passed = (at: string | undefined) => redis.hset(runKey(shard, run.id), 'from', at ?? 0);
  for (let offset = 0; ; ) {
    const flat = await redis.zrangebyscore(key, since, until, 'WITHSCORES', 'LIMIT', offset, LETTERS_A_CALL);
    if (flat.length === 0) return 'none';
    if (room <= 0) return 'more';
    const page = flat.filter((_, index) => index % 2 === 0);
    const matching = await lettersOf(queue, page, run);
    const letters = matching.slice(0, room);
    const answers =
      letters.length > 0 ? await replayLetters(redis, shard, { id: run.id, most, phase }, letters) : [];
    const removed = answers.filter((answer) => answer === 'opened' || answer === 'gone').length;
    room -= answers.filter((answer) => answer === 'opened').length;
    // One that is on its way into the failed set, or another driver was faster: the next step goes on from here.
    if (answers.includes('later')) return 'more';
    offset += page.length - removed;
    if (letters.length === matching.length && offset > 0) await passed(flat.at(-1));
  }
}

async function lettersOf(
  queue: RequestQueue,
  jobIds: readonly string[],
  run: RunAtWork,
): Promise<Replayed[]> {
  const { filter, given } = run;
  const chosen = jobIds.filter((jobId) => filter.crawl === null || crawlAndId(jobId).crawl === filter.crawl);
  const jobs = await Promise.all(chosen.map((jobId) => jobOf(queue, jobId)));
  return jobs.flatMap((job) => {
    if (!job || !matchesLetter(letterOf(job), filter)) return [];
    const letter = letterOf(job);
    return [
      {
        crawl: letter.crawl,
        id: letter.id,
        code: letter.code,
        request: overridden(unpackRequest(job.data), given),
      },
    ];
  });
}

/** The request with what the replay overrides; its id stays, since it follows from URL, method and body. */
function overridden(request: Request, { attempts, timeouts, headers, delayMs }: ReplayOverrides): Request {
  const { extras } = request;
  const changed = {
    ...extras,
    ...(attempts === undefined ? {} : { attempts }),
    ...(timeouts ? { timeouts: { ...extras?.timeouts, ...timeouts } } : {}),
    ...(headers ? { headers: { ...lowered(extras?.headers ?? {}), ...lowered(headers) } } : {}),
    ...(delayMs === undefined
      ? {}
      : { limiter: { ...extras?.limiter, key: limiterKeyOfRequest(request), delayMs } }),
  };
  return { ...request, extras: Object.keys(changed).length > 0 ? changed : null };
}

function lowered(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
