// The index of dead letters by code and host: groups, counts, members. It is repaired from the failed set
// when the two disagree.
import type { Fleet } from '../fleet.ts';
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
/**
 * The index may be ahead of the failed set by this many: letters are indexed by the commit and move to the
 * failed set a moment later.
 */
const MOST_AHEAD = 1000;

export function groupKey({ keys }: Fleet, code: string, host: string): string {
  return keys.deadGroup(groupOf(code, host));
}

/** Groups with their sizes, those with the newest letters first. */
export async function indexedGroups(
  fleet: Fleet,
  filter: Pick<DeadFilter, 'code' | 'host'>,
): Promise<IndexedGroup[]> {
  const groups: IndexedGroup[] = [];
  const names = await fleet.redis.zrevrange(fleet.keys.deadGroups, '0', '-1');
  for (let start = 0; start < names.length; start += PAGE) {
    const page = names
      .slice(start, start + PAGE)
      .map((name) => {
        const [code = '', host = ''] = name.split('\x1f');
        return { code, host };
      })
      .filter(({ code, host }) => (filter.code ?? code) === code && (filter.host ?? host) === host);
    const counts = await Promise.all(
      page.map(({ code, host }) => fleet.redis.zcard(groupKey(fleet, code, host))),
    );
    groups.push(...page.map((group, index) => ({ ...group, count: counts[index] ?? 0 })));
  }
  return groups;
}

/** A member of the index. `job` is read only when the filter needs it. */
export interface Member {
  jobId: string;
  /** When it failed for good; milliseconds since 1970. */
  at: number;
  job: RequestJob | null;
}

/** The members of a group that match, oldest first, in pages. */
export async function* membersOf(
  parts: { fleet: Fleet; queue: RequestQueue },
  group: { code: string; host: string },
  filter: DeadFilter,
): AsyncGenerator<Member[]> {
  const { fleet, queue } = parts;
  const key = groupKey(fleet, group.code, group.host);
  for await (const page of pagesByAge(fleet.redis, key, filter.since ?? -Infinity, Infinity)) {
    const members = page.map(({ jobId, at }) => ({ jobId, at, job: null }));
    yield await matching(queue, members, filter);
  }
}

/**
 * The members of a sorted set of job ids by time, from one time to another, oldest first, in pages. Members
 * that are removed meanwhile do not shift the others.
 */
export async function* pagesByAge(
  redis: Redis,
  key: string,
  from: number,
  until: number,
): AsyncGenerator<{ jobId: string; at: number }[]> {
  let since = from;
  // Many may have the same time. These are the members of the last time that have been returned already.
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
    likely.map(async (member) => ({ ...member, job: await findJob(queue, member.jobId) })),
  );
  return read.filter(({ job }) => job !== null && matchesLetter(letterOf(job), filter));
}

/** The job with this id; null when there is none (any more). */
export async function findJob(queue: RequestQueue, jobId: string): Promise<RequestJob | null> {
  return (await queue.getJob(jobId)) ?? null;
}

/**
 * Repairs the index where it disagrees with the failed set, as after letters of an older version or jobs
 * removed by hand. Costs two counts when they agree. Idempotent.
 */
export async function reconcileDead(fleet: Fleet, queue: RequestQueue): Promise<void> {
  const groups = await indexedGroups(fleet, { code: null, host: null });
  const indexed = groups.reduce((sum, { count }) => sum + count, 0);
  const failed = await fleet.redis.zcard(queue.toKey('failed'));
  if (failed > indexed) await addMissing(fleet, queue);
  else if (indexed > failed + MOST_AHEAD || (failed === 0 && indexed > 0))
    await dropStale(fleet, queue, groups);
}

async function addMissing(fleet: Fleet, queue: RequestQueue): Promise<void> {
  for await (const jobs of deadJobs(queue)) {
    const pipeline = fleet.redis.pipeline();
    for (const job of jobs) {
      const { code, host, jobId, failedAt } = letterOf(job);
      const at = Date.parse(failedAt);
      pipeline.zadd(groupKey(fleet, code, host), 'NX', at, jobId);
      pipeline.zadd(fleet.keys.deadGroups, 'GT', at, groupOf(code, host));
    }
    await pipeline.exec();
  }
}

/** A letter that failed less than this long ago may still be on its way into the failed set. */
const SETTLED_MS = 60_000;

async function dropStale(fleet: Fleet, queue: RequestQueue, groups: readonly IndexedGroup[]): Promise<void> {
  const before = Date.now() - SETTLED_MS;
  for (const { code, host } of groups) {
    const key = groupKey(fleet, code, host);
    const members = await fleet.redis.zrangebyscore(key, '-inf', before);
    for (let start = 0; start < members.length; start += PAGE) {
      const page = members.slice(start, start + PAGE);
      const scores = await Promise.all(page.map((jobId) => fleet.redis.zscore(queue.toKey('failed'), jobId)));
      const stale = page.filter((_, index) => scores[index] === null);
      if (stale.length > 0) await fleet.redis.zrem(key, ...stale);
    }
    if ((await fleet.redis.exists(key)) === 0)
      await fleet.redis.zrem(fleet.keys.deadGroups, groupOf(code, host));
  }
}
