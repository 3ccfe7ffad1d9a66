// Looking at dead letters: one, a page of them, groups of the same code at the same host.
import { DroverError } from '../errors.ts';
import { layerOf } from '../queue/attempts.ts';
import {
  adviceOn,
  type DeadLetter,
  type DeadLetterDetail,
  detailOf,
  letterOf,
} from '../queue/dead-letters.ts';
import type { RequestQueue } from '../queue/queue.ts';
import type { Redis } from '../redis.ts';
import { type DeadFilter, isPlain, matchesLetter } from './dead-filter.ts';
import { groupKey, indexedGroups, jobOf, type Member, membersOf, reconcileDead } from './dead-index.ts';
import { type ReplayRun, runsAtWork } from './dead-runs.ts';

/** Letters of one code at one host. */
export interface DeadGroup {
  code: string;
  layer: string;
  host: string;
  count: number;
  /** ISO 8601. */
  firstAt: string;
  lastAt: string;
  /** Its newest. */
  sample: DeadLetter | null;
  advice: string;
  /** The replay that is at work on it. */
  run: ReplayRun | null;
}

const PAGE = 200;
/** So many are looked at for one page; where fewer match, the page is short and has a cursor all the same. */
const MOST_LOOKED_AT = 20_000;

/**
 * A page, the newest first; `next` is the cursor of the page after it, null at the end. What is removed or added between two pages moves nothing.
 * Throws E_FIELD for a cursor that is none.
 */
export async function pageOfDead(
  redis: Redis,
  shard: string,
  queue: RequestQueue,
  filter: DeadFilter,
  cursor: string | null,
  limit: number,
): Promise<{ letters: DeadLetter[]; next: string | null }> {
  const { code, host } = filter;
  const key = code !== null && host !== null ? groupKey(shard, code, host) : queue.toKey('failed');
  const letters: DeadLetter[] = [];
  let rank = await rankAfter(redis, key, cursor);
  for (let looked = 0; looked < MOST_LOOKED_AT; ) {
    const flat = await redis.zrevrange(key, rank, rank + PAGE - 1, 'WITHSCORES');
    const ids = flat.filter((_, index) => index % 2 === 0);
    const jobs = await Promise.all(ids.map((jobId) => jobOf(queue, jobId)));
    for (const [index, job] of jobs.entries()) {
      looked++;
      const at = Number(flat[index * 2 + 1]);
      if (filter.since !== null && at < filter.since) return { letters, next: null };
      const letter = job && letterOf(job);
      if (letter && matchesLetter(letter, filter)) letters.push(letter);
      const isLast = index === ids.length - 1 && ids.length < PAGE;
      if (letters.length === limit) return { letters, next: isLast ? null : `${at}_${ids[index]}` };
    }
    if (ids.length < PAGE) return { letters, next: null };
    rank += PAGE;
    if (looked >= MOST_LOOKED_AT) return { letters, next: `${flat.at(-1)}_${ids.at(-1)}` };
  }
  return { letters, next: null };
}

/** `TIME_JOB`: after that job, or where it stood if it is gone. */
async function rankAfter(redis: Redis, key: string, cursor: string | null): Promise<number> {
  if (cursor === null) return 0;
  const [, at, jobId] = /^(\d+)_(.+)$/s.exec(cursor) ?? [];
  if (at === undefined || jobId === undefined)
    throw new DroverError('E_FIELD', 'cursor: take it from the page before.');
  const rank = await redis.zrevrank(key, jobId);
  return rank === null ? redis.zcount(key, `(${at}`, '+inf') : rank + 1;
}

/** All that match, the newest first. */
export async function* deadLetters(
  redis: Redis,
  shard: string,
  queue: RequestQueue,
  filter: DeadFilter,
): AsyncGenerator<DeadLetter> {
  let cursor: string | null = null;
  do {
    const page: { letters: DeadLetter[]; next: string | null } = await pageOfDead(
      redis,
      shard,
      queue,
      filter,
      cursor,
      PAGE,
    );
    yield* page.letters;
    cursor = page.next;
  } while (cursor !== null);
}

/** One, with its request and its attempts. Throws E_LETTER_UNKNOWN. */
export async function showDead(
  redis: Redis,
  _shard: string,
  queue: RequestQueue,
  jobId: string,
): Promise<DeadLetterDetail> {
  const isDead = (await redis.zscore(queue.toKey('failed'), jobId)) !== null;
  const job = isDead ? await jobOf(queue, jobId) : null;
  if (!job) throw new DroverError('E_LETTER_UNKNOWN', `${jobId}.`);
  return detailOf(job);
}

/** Groups of what matches, the largest first. */
export async function summarizeDead(
  redis: Redis,
  shard: string,
  queue: RequestQueue,
  filter: DeadFilter,
): Promise<DeadGroup[]> {
  await reconcileDead(redis, shard, queue);
  const runs = await runsAtWork(redis, shard);
  const found: DeadGroup[] = [];
  for (const { code, host } of await indexedGroups(redis, shard, filter)) {
    const extent = await extentOf({ redis, shard, queue }, { code, host }, filter);
    if (!extent) continue;
    const job = extent.last.job ?? (await jobOf(queue, extent.last.jobId));
    found.push({
      code,
      layer: layerOf(code),
      host,
      count: extent.count,
      firstAt: new Date(extent.first.at).toISOString(),
      lastAt: new Date(extent.last.at).toISOString(),
      sample: job && letterOf(job),
      advice: adviceOn(code),
      run: runs.find((run) => run.code === code && run.host === host) ?? null,
    });
  }
  return found.sort((a, b) => b.count - a.count);
}

interface Extent {
  count: number;
  first: Member;
  last: Member;
}

/** How many of a group match, with the first and the last of them; null for none. */
export async function extentOf(
  parts: { redis: Redis; shard: string; queue: RequestQueue },
  group: { code: string; host: string },
  filter: DeadFilter,
): Promise<Extent | null> {
  if (isPlain(filter) && filter.crawl === null) return plainExtent(parts, group, filter.since);
  let [count, first, last]: [number, Member | null, Member | null] = [0, null, null];
  for await (const members of membersOf(parts, group, filter)) {
    count += members.length;
    first ??= members[0] ?? null;
    last = members.at(-1) ?? last;
  }
  return first && last ? { count, first, last } : null;
}

async function plainExtent(
  { redis, shard }: { redis: Redis; shard: string },
  group: { code: string; host: string },
  since: number | null,
): Promise<Extent | null> {
  const key = groupKey(shard, group.code, group.host);
  const from = String(since ?? '-inf');
  const [count, first, last] = await Promise.all([
    redis.zcount(key, from, '+inf'),
    redis.zrangebyscore(key, from, '+inf', 'WITHSCORES', 'LIMIT', 0, 1),
    redis.zrevrangebyscore(key, '+inf', from, 'WITHSCORES', 'LIMIT', 0, 1),
  ]);
  const memberOf = ([jobId = '', at = '0']: string[]): Member => ({ jobId, at: Number(at), job: null });
  return count === 0 ? null : { count, first: memberOf(first), last: memberOf(last) };
}
