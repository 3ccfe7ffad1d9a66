// Reads dead letters: one letter, a page of them, groups of one code at one host.

import { DroverError, layerOf } from '../errors.ts';
import type { Fleet } from '../fleet.ts';
import { groupOf } from '../frontier/replay.ts';
import {
  adviceOn,
  type DeadLetter,
  type DeadLetterDetail,
  detailOf,
  letterOf,
} from '../queue/dead-letters.ts';
import type { RequestJob, RequestQueue } from '../queue/queue.ts';
import type { Redis } from '../redis.ts';
import { type DeadFilter, isPlain, matchesId, matchesLetter } from './filter.ts';
import {
  findJob,
  groupKey,
  type IndexedGroup,
  indexedGroups,
  type Member,
  membersOf,
  reconcileDead,
} from './groups.ts';
import { type ReplayRun, type RunAtWork, runsAtWork, shownRun } from './replay-runs.ts';

/** The letters of one code at one host. */
export interface DeadGroup {
  code: string;
  layer: string;
  host: string;
  count: number;
  /** ISO 8601. */
  firstAt: string;
  lastAt: string;
  /** The newest letter of the group. */
  sample: DeadLetter | null;
  advice: string;
  /** The replay that is running on the group; null for none. */
  run: ReplayRun | null;
}

/** A shard, and the queue that has its dead letters. */
export interface DeadShard {
  fleet: Fleet;
  queue: RequestQueue;
}

/** A letter's job, and its place in the order by which it was found. */
export interface DeadJob {
  job: RequestJob;
  jobId: string;
  /** Milliseconds since 1970. */
  at: number;
}

const PAGE = 200;
/**
 * Most letters read for one page. If fewer than a full page match among these, the page is short and still
 * has a cursor.
 */
const MOST_LOOKED_AT = 20_000;

/**
 * A page of letters of a shard, newest first. `next` is the cursor of the next page, null at the end. Letters
 * that are added or removed between two pages do not shift the others. A cursor of another shard means the
 * letters after that time. Throws E_FIELD for a malformed cursor.
 */
export async function pageOfDeadJobs(
  { fleet, queue }: DeadShard,
  filter: DeadFilter,
  cursor: string | null,
  limit: number,
): Promise<{ found: DeadJob[]; next: string | null }> {
  const { code, host } = filter;
  const key = code !== null && host !== null ? groupKey(fleet, code, host) : queue.toKey('failed');
  const found: DeadJob[] = [];
  let rank = await rankAfter(fleet.redis, key, cursor);
  for (let looked = 0; looked < MOST_LOOKED_AT; ) {
    const flat = await fleet.redis.zrevrange(key, rank, rank + PAGE - 1, 'WITHSCORES');
    const ids = flat.filter((_, index) => index % 2 === 0);
    const jobs = await Promise.all(
      ids.map((jobId) => (matchesId(jobId, filter) ? findJob(queue, jobId) : null)),
    );
    for (const [index, job] of jobs.entries()) {
      looked++;
      const at = Number(flat[index * 2 + 1]);
      if (filter.since !== null && at < filter.since) return { found, next: null };
      const jobId = ids[index] ?? '';
      if (job && matchesLetter(letterOf(job), filter)) found.push({ job, jobId, at });
      const isLast = index === ids.length - 1 && ids.length < PAGE;
      if (found.length === limit) return { found, next: isLast ? null : `${at}_${jobId}` };
    }
    if (ids.length < PAGE) return { found, next: null };
    rank += PAGE;
    if (looked >= MOST_LOOKED_AT) return { found, next: `${flat.at(-1)}_${ids.at(-1)}` };
  }
  return { found, next: null };
}

/**
 * Rank of the first member after the cursor `TIME_JOB`, also when that job is gone. Members with the same
 * time are in descending order of their names.
 */
async function rankAfter(redis: Redis, key: string, cursor: string | null): Promise<number> {
  if (cursor === null) return 0;
  const { at, jobId } = readCursor(cursor);
  const [score, rank] = await Promise.all([redis.zscore(key, jobId), redis.zrevrank(key, jobId)]);
  // A job that has failed again since then has another time, and so another rank.
  if (rank !== null && Number(score) === at) return rank + 1;
  const [later, same] = await Promise.all([
    redis.zcount(key, `(${at}`, '+inf'),
    redis.zrangebyscore(key, at, at),
  ]);
  return later + same.filter((other) => other > jobId).length;
}

/** Takes a cursor `TIME_JOB` apart. Throws E_FIELD. */
export function readCursor(cursor: string): { at: number; jobId: string } {
  const [, at, jobId] = /^(\d+)_(.+)$/s.exec(cursor) ?? [];
  if (at !== undefined && jobId !== undefined) return { at: Number(at), jobId };
  throw new DroverError('E_FIELD', 'cursor: use the `next` of the previous page.', { field: 'query.cursor' });
}

/** All jobs of the shard that match, newest first, in pages. */
export async function* matchingJobs(shard: DeadShard, filter: DeadFilter): AsyncGenerator<DeadJob[]> {
  let cursor: string | null = null;
  do {
    const page: { found: DeadJob[]; next: string | null } = await pageOfDeadJobs(shard, filter, cursor, PAGE);
    if (page.found.length > 0) yield page.found;
    cursor = page.next;
  } while (cursor !== null);
}

/** One letter of the shard with its request and its attempts; null when there is none. */
export async function findDead({ fleet, queue }: DeadShard, jobId: string): Promise<DeadLetterDetail | null> {
  const job = (await isDead({ fleet, queue }, jobId)) ? await findJob(queue, jobId) : null;
  return job && detailOf(job);
}

/** Whether the shard has a dead letter with this id. */
export async function isDead({ fleet, queue }: DeadShard, jobId: string): Promise<boolean> {
  return (await fleet.redis.zscore(queue.toKey('failed'), jobId)) !== null;
}

/** Groups read at the same time. */
const GROUPS_AT_ONCE = 50;

/** A group, and the shards that have letters of it: the host of a letter may be that of a redirect. */
interface SpreadGroup extends IndexedGroup {
  on: DeadShard[];
}

/**
 * The groups of the letters that match, over all of these shards: largest first, at most `most`. When the
 * filter matches whole groups, only the largest are read. A filter by crawl, time, attempts or text reads the
 * members of all.
 */
export async function summarizeDead(
  shards: readonly DeadShard[],
  filter: DeadFilter,
  most = Number.POSITIVE_INFINITY,
): Promise<DeadGroup[]> {
  const bySize = (await groupsOn(shards, filter)).sort((a, b) => b.count - a.count);
  const runs = (await Promise.all(shards.map(({ fleet }) => runsAtWork(fleet)))).flat();
  const areWhole = isPlain(filter) && filter.crawl === null && filter.since === null;
  const chosen = areWhole ? bySize.slice(0, most) : bySize;
  const found: DeadGroup[] = [];
  for (let start = 0; start < chosen.length; start += GROUPS_AT_ONCE) {
    const page = chosen.slice(start, start + GROUPS_AT_ONCE);
    const groups = await Promise.all(page.map((group) => lookAtGroup(group, filter, runs)));
    found.push(...groups.filter((group) => group !== null));
  }
  return found.sort((a, b) => b.count - a.count).slice(0, most);
}

/** The groups of the index. */
async function groupsOn(shards: readonly DeadShard[], filter: DeadFilter): Promise<SpreadGroup[]> {
  const groups = new Map<string, SpreadGroup>();
  const read = shards.map(async ({ fleet, queue }) => {
    await reconcileDead(fleet, queue);
    return indexedGroups(fleet, filter);
  });
  for (const [index, own] of (await Promise.all(read)).entries())
    for (const { code, host, count } of own) {
      const name = groupOf(code, host);
      const { count: others, on } = groups.get(name) ?? { count: 0, on: [] };
      groups.set(name, { code, host, count: others + count, on: [...on, shards[index] as DeadShard] });
    }
  return [...groups.values()];
}

/** The group; null when none of its letters match. */
async function lookAtGroup(
  { code, host, on }: SpreadGroup,
  filter: DeadFilter,
  runs: readonly RunAtWork[],
): Promise<DeadGroup | null> {
  const extents = await Promise.all(on.map((shard) => extentOf(shard, { code, host }, filter)));
  const parts = extents.flatMap((extent, index) => (extent ? [{ ...extent, shard: on[index] }] : []));
  const newest = parts.toSorted((a, b) => b.last.at - a.last.at)[0];
  if (!newest?.shard) return null;
  const run = runs.find((candidate) => candidate.code === code && candidate.host === host);
  const job = newest.last.job ?? (await findJob(newest.shard.queue, newest.last.jobId));
  return {
    code,
    layer: layerOf(code),
    host,
    count: parts.reduce((sum, { count }) => sum + count, 0),
    firstAt: new Date(Math.min(...parts.map(({ first }) => first.at))).toISOString(),
    lastAt: new Date(newest.last.at).toISOString(),
    sample: job && letterOf(job),
    advice: adviceOn(code),
    run: run ? shownRun(run) : null,
  };
}

interface Extent {
  count: number;
  first: Member;
  last: Member;
}

/** Number of letters of a group that match, with the first and the last of them; null for none. */
export async function extentOf(
  parts: DeadShard,
  group: { code: string; host: string },
  filter: DeadFilter,
): Promise<Extent | null> {
  if (isPlain(filter) && filter.crawl === null && !filter.jobId)
    return plainExtent(parts, group, filter.since);
  let [count, first, last]: [number, Member | null, Member | null] = [0, null, null];
  for await (const members of membersOf(parts, group, filter)) {
    count += members.length;
    first ??= members[0] ?? null;
    last = members.at(-1) ?? last;
  }
  return first && last ? { count, first, last } : null;
}

async function plainExtent(
  { fleet }: Pick<DeadShard, 'fleet'>,
  group: { code: string; host: string },
  since: number | null,
): Promise<Extent | null> {
  const key = groupKey(fleet, group.code, group.host);
  const from = String(since ?? '-inf');
  const [count, first, last] = await Promise.all([
    fleet.redis.zcount(key, from, '+inf'),
    fleet.redis.zrangebyscore(key, from, '+inf', 'WITHSCORES', 'LIMIT', 0, 1),
    fleet.redis.zrevrangebyscore(key, '+inf', from, 'WITHSCORES', 'LIMIT', 0, 1),
  ]);
  const memberOf = ([jobId = '', at = '0']: string[]): Member => ({ jobId, at: Number(at), job: null });
  return count === 0 ? null : { count, first: memberOf(first), last: memberOf(last) };
}
