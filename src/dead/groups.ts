// The index of dead letters by code and host: groups, counts, members; put right from the failed set when it is in doubt.
import { groupOf } from '../frontier/replay.ts';
import { deadJobs, letterOf } from '../queue/dead-letters.ts';
import type { RequestJob, RequestQueue } from '../queue/queue.ts';
import type { Redis } from '../redis.ts';
import { type DeadFilter, isPlain, matchesId, matchesLetter } from './filter.ts';

export interface IndexedGroup {
  code: string;
  host: string;
  count: number;
}

const PAGE = 200;
/** Between the commit of a death and the move to the failed set, the index is ahead by what the fleet has in hand. */
const MOST_AHEAD = 1000;

export function groupKey(namespace: string, code: string, host: string): string {
  return `${namespace}:dead:g:${groupOf(code, host)}`;
}

/** Groups with their sizes, those of the latest deaths first. */
export async function indexedGroups(
  redis: Redis,
  namespace: string,
  filter: Pick<DeadFilter, 'code' | 'host'>,
): Promise<IndexedGroup[]> {
  const groups: IndexedGroup[] = [];
  const names = await redis.zrevrange(`${namespace}:dead:groups`, '0', '-1');
  for (let start = 0; start < names.length; start += PAGE) {
    const page = names
      .slice(start, start + PAGE)
      .map((name) => {
        const [code = '', host = ''] = name.split('\x1f');
        return { code, host };
      })
      .filter(({ code, host }) => (filter.code ?? code) === code && (filter.host ?? host) === host);
    const counts = await Promise.all(
      page.map(({ code, host }) => redis.zcard(groupKey(namespace, code, host))),
    );
    groups.push(...page.map((group, index) => ({ ...group, count: counts[index] ?? 0 })));
  }
  return groups;
}

/** A member of the index; `job` is read where the filter asks for what only it tells. */
export interface Member {
  jobId: string;
  /** Time of death; milliseconds since 1970. */
  at: number;
  job: RequestJob | null;
}

/** The members of a group that match, the oldest first. */
export async function* membersOf(
  parts: { redis: Redis; namespace: string; queue: RequestQueue },
  group: { code: string; host: string },
  filter: DeadFilter,
): AsyncGenerator<Member[]> {
  const { redis, namespace, queue } = parts;
  const key = groupKey(namespace, group.code, group.host);
  for await (const page of pagesByAge(redis, key, filter.since ?? -Infinity, Infinity)) {
    const members = page.map(({ jobId, at }) => ({ jobId, at, job: null }));
    yield await matching(queue, members, filter);
  }
}

/** What a sorted set of job ids by time holds from one time to another, the oldest first; what is removed meanwhile moves nothing. */
export async function* pagesByAge(
  redis: Redis,
  key: string,
  from: number,
  until: number,
): AsyncGenerator<{ jobId: string; at: number }[]> {
  let since = from;
  // Many die in the same millisecond: those of the last one that were given already.
  let given = new Set<string>();
  for (;;) {
    const most = PAGE + given.size;
    const [least, last] = [boundOf(since), boundOf(until)];
    const flat = await redis.zrangebyscore(key, least, last, 'WITHSCORES', 'LIMIT', 0, most);
    const found: { jobId: string; at: number }[] = [];
    for (let at = 0; at < flat.length; at += 2)
      found.push({ jobId: flat[at] ?? '', at: Number(flat[at + 1]) });
    const page = found.filter(({ jobId, at }) => at !== since || !given.has(jobId));
    const end = page.at(-1)?.at ?? since;
    const ofEnd = page.filter(({ at }) => at === end).map(({ jobId }) => jobId);
    given = new Set(end === since ? [...given, ...ofEnd] : ofEnd);
    since = end;
    if (page.length > 0) yield page;
    if (found.length < most) return;
  }
}

function boundOf(time: number): string {
  return Number.isFinite(time) ? String(time) : time < 0 ? '-inf' : '+inf';
}

async function matching(queue: RequestQueue, members: Member[], filter: DeadFilter): Promise<Member[]> {
  const likely = members.filter(({ jobId }) => matchesId(jobId, filter));
  if (isPlain(filter)) return likely;
  const read = await Promise.all(
    likely.map(async (member) => ({ ...member, job: await jobOf(queue, member.jobId) })),
  );
  return read.filter(({ job }) => job !== null && matchesLetter(letterOf(job), filter));
}

/** Null when there is no such job (any more). */
export async function jobOf(queue: RequestQueue, jobId: string): Promise<RequestJob | null> {
  return (await queue.getJob(jobId)) ?? null;
}

/**
 * Puts the index right where it disagrees with the failed set: letters of an older version, jobs removed by an operator's hand. Costs two counts
 * where all is well. Idempotent.
 */
export async function reconcileDead(redis: Redis, namespace: string, queue: RequestQueue): Promise<void> {
  const groups = await indexedGroups(redis, namespace, { code: null, host: null });
  const indexed = groups.reduce((sum, { count }) => sum + count, 0);
  const failed = await redis.zcard(queue.toKey('failed'));
  if (failed > indexed) await addMissing(redis, namespace, queue);
  else if (indexed > failed + MOST_AHEAD || (failed === 0 && indexed > 0))
    await dropStale(redis, namespace, queue, groups);
}

async function addMissing(redis: Redis, namespace: string, queue: RequestQueue): Promise<void> {
  for await (const jobs of deadJobs(queue)) {
    const pipeline = redis.pipeline();
    for (const job of jobs) {
      const { code, host, jobId, failedAt } = letterOf(job);
      const at = Date.parse(failedAt);
      pipeline.zadd(groupKey(namespace, code, host), 'NX', at, jobId);
      pipeline.zadd(`${namespace}:dead:groups`, 'GT', at, groupOf(code, host));
    }
    await pipeline.exec();
  }
}

/** What died a moment ago may be on its way into the failed set. */
const SETTLED_MS = 60_000;

async function dropStale(
  redis: Redis,
  namespace: string,
  queue: RequestQueue,
  groups: readonly IndexedGroup[],
): Promise<void> {
  const before = Date.now() - SETTLED_MS;
  for (const { code, host } of groups) {
    const key = groupKey(namespace, code, host);
    const members = await redis.zrangebyscore(key, '-inf', before);
    for (let start = 0; start < members.length; start += PAGE) {
      const page = members.slice(start, start + PAGE);
      const scores = await Promise.all(page.map((jobId) => redis.zscore(queue.toKey('failed'), jobId)));
      const stale = page.filter((_, index) => scores[index] === null);
      if (stale.length > 0) await redis.zrem(key, ...stale);
    }
    if ((await redis.exists(key)) === 0) await redis.zrem(`${namespace}:dead:groups`, groupOf(code, host));
  }
}
