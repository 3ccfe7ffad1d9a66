// Reads dead letters: one letter, a page of them, groups of one code at one host.

import { DroverError, layerOf } from '../errors.ts';
import type { Fleet } from '../fleet.ts';
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
import { findJob, groupKey, indexedGroups, type Member, membersOf, reconcileDead } from './groups.ts';
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

interface Parts {
  fleet: Fleet;
  queue: RequestQueue;
}

const PAGE = 200;
/**
 * Most letters read for one page. If fewer than a full page match among these, the page is short and still
 * has a cursor.
 */
const MOST_LOOKED_AT = 20_000;

/**
 * A page of letters, newest first. `next` is the cursor of the next page, null at the end. Letters that are
 * added or removed between two pages do not shift the others. Throws E_FIELD for a malformed cursor.
 */
export async function pageOfDead(
  fleet: Fleet,
  queue: RequestQueue,
  filter: DeadFilter,
  cursor: string | null,
  limit: number,
): Promise<{ letters: DeadLetter[]; next: string | null }> {
  const { jobs, next } = await pageOfDeadJobs({ fleet, queue }, filter, cursor, limit);
  return { letters: jobs.map(letterOf), next };
}

/** The page as jobs. */
async function pageOfDeadJobs(
  { fleet, queue }: Parts,
  filter: DeadFilter,
  cursor: string | null,
  limit: number,
): Promise<{ jobs: RequestJob[]; next: string | null }> {
  const { code, host } = filter;
  const key = code !== null && host !== null ? groupKey(fleet, code, host) : queue.toKey('failed');
  const found: RequestJob[] = [];
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
      if (filter.since !== null && at < filter.since) return { jobs: found, next: null };
      if (job && matchesLetter(letterOf(job), filter)) found.push(job);
      const isLast = index === ids.length - 1 && ids.length < PAGE;
      if (found.length === limit) return { jobs: found, next: isLast ? null : `${at}_${ids[index]}` };
    }
    if (ids.length < PAGE) return { jobs: found, next: null };
    rank += PAGE;
    if (looked >= MOST_LOOKED_AT) return { jobs: found, next: `${flat.at(-1)}_${ids.at(-1)}` };
  }
  return { jobs: found, next: null };
}

/**
 * Rank of the first member after the cursor `TIME_JOB`, also when that job is gone. Members with the same
 * time are in descending order of their names.
 */
async function rankAfter(redis: Redis, key: string, cursor: string | null): Promise<number> {
  if (cursor === null) return 0;
  const [, at, jobId] = /^(\d+)_(.+)$/s.exec(cursor) ?? [];
  if (at === undefined || jobId === undefined)
    throw new DroverError('E_FIELD', 'cursor: use the `next` of the previous page.', {
      field: 'query.cursor',
    });
  const [score, rank] = await Promise.all([redis.zscore(key, jobId), redis.zrevrank(key, jobId)]);
  // A job that has failed again since then has another time, and so another rank.
  if (rank !== null && Number(score) === Number(at)) return rank + 1;
  const [later, same] = await Promise.all([
    redis.zcount(key, `(${at}`, '+inf'),
    redis.zrangebyscore(key, at, at),
  ]);
  return later + same.filter((other) => other > jobId).length;
}

/** All jobs that match, newest first, in pages. */
export async function* matchingJobs(parts: Parts, filter: DeadFilter): AsyncGenerator<RequestJob[]> {
  let cursor: string | null = null;
  do {
    const page: { jobs: RequestJob[]; next: string | null } = await pageOfDeadJobs(
      parts,
      filter,
      cursor,
      PAGE,
    );
    if (page.jobs.length > 0) yield page.jobs;
    cursor = page.next;
  } while (cursor !== null);
}

/** All letters that match, newest first. */
export async function* deadLetters(
  fleet: Fleet,
  queue: RequestQueue,
  filter: DeadFilter,
): AsyncGenerator<DeadLetter> {
  for await (const jobs of matchingJobs({ fleet, queue }, filter)) yield* jobs.map(letterOf);
}

/** One letter with its request and its attempts. Throws E_LETTER_UNKNOWN. */
export async function showDead(
  { redis }: Fleet,
  queue: RequestQueue,
  jobId: string,
): Promise<DeadLetterDetail> {
  const isDead = (await redis.zscore(queue.toKey('failed'), jobId)) !== null;
  const job = isDead ? await findJob(queue, jobId) : null;
  if (!job) throw new DroverError('E_LETTER_UNKNOWN', `${jobId}.`);
  return detailOf(job);
}

/** Groups read at the same time. */
const GROUPS_AT_ONCE = 50;

/**
 * The groups of the letters that match, largest first, at most `most`. When the filter matches whole groups,
 * only the largest are read. A filter by crawl, time, attempts or text reads the members of all.
 */
export async function summarizeDead(
  fleet: Fleet,
  queue: RequestQueue,
  filter: DeadFilter,
  most = Number.POSITIVE_INFINITY,
): Promise<DeadGroup[]> {
  await reconcileDead(fleet, queue);
  const runs = await runsAtWork(fleet);
  const bySize = (await indexedGroups(fleet, filter)).sort((a, b) => b.count - a.count);
  const areWhole = isPlain(filter) && filter.crawl === null && filter.since === null;
  const chosen = areWhole ? bySize.slice(0, most) : bySize;
  const found: DeadGroup[] = [];
  for (let start = 0; start < chosen.length; start += GROUPS_AT_ONCE) {
    const page = chosen.slice(start, start + GROUPS_AT_ONCE);
    const groups = await Promise.all(page.map((group) => lookAtGroup({ fleet, queue }, group, filter, runs)));
    found.push(...groups.filter((group) => group !== null));
  }
  return found.sort((a, b) => b.count - a.count).slice(0, most);
}

/** The group; null when none of its letters match. */
async function lookAtGroup(
  parts: { fleet: Fleet; queue: RequestQueue },
  { code, host }: { code: string; host: string },
  filter: DeadFilter,
  runs: readonly RunAtWork[],
): Promise<DeadGroup | null> {
  const extent = await extentOf(parts, { code, host }, filter);
  if (!extent) return null;
  const run = runs.find((candidate) => candidate.code === code && candidate.host === host);
  const job = extent.last.job ?? (await findJob(parts.queue, extent.last.jobId));
  return {
    code,
    layer: layerOf(code),
    host,
    count: extent.count,
    firstAt: new Date(extent.first.at).toISOString(),
    lastAt: new Date(extent.last.at).toISOString(),
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
  parts: Parts,
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
  { fleet }: Pick<Parts, 'fleet'>,
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
