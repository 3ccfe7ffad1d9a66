// Dead letters of all shards of a fleet. Each shard keeps those of its limiter keys; together they are
// shown in one order.
import { DroverError } from '../../errors.ts';
import type { Fleet } from '../../fleet.ts';
import { type DeadLetter, type DeadLetterDetail, letterOf } from '../../queue/dead-letters.ts';
import type { RequestJob, RequestQueue } from '../../queue/queue.ts';
import type { DeadFilter } from '../filter.ts';
import { type DeadJob, type DeadShard, findDead, matchingJobs, pageOfDeadJobs, readCursor } from '../read.ts';

/** `queues`: those of all shards. */
export function deadShards({ shards }: Fleet, queues: readonly RequestQueue[]): DeadShard[] {
  return shards.map((fleet, shard) => ({ fleet, queue: queues[shard] as RequestQueue }));
}

type Place = Pick<DeadJob, 'at' | 'jobId'>;

/** The order of letters in each shard: the newest first, and those of one time by descending id. */
function byAge(a: Place, b: Place): number {
  return b.at - a.at || (a.jobId < b.jobId ? 1 : a.jobId > b.jobId ? -1 : 0);
}

/**
 * A page of letters, newest first. `next` is the cursor of the next page, null at the end. Letters that are
 * added or removed between two pages do not shift the others. Throws E_FIELD for a malformed cursor.
 */
export async function pageOfDead(
  shards: readonly DeadShard[],
  filter: DeadFilter,
  cursor: string | null,
  limit: number,
): Promise<{ letters: DeadLetter[]; next: string | null }> {
  const pages = await Promise.all(shards.map((shard) => pageOfDeadJobs(shard, filter, cursor, limit)));
  const all = pages.flatMap(({ found }) => found).sort(byAge);
  // What a shard has behind the cursor of its page is not known yet, so this page ends there at the latest.
  const ends = pages.flatMap(({ next }) => (next === null ? [] : [{ next, ...readCursor(next) }]));
  const end = ends.sort(byAge)[0];
  const known = end ? all.filter((each) => byAge(each, end) <= 0) : all;
  const shown = known.slice(0, limit);
  const last = shown.at(-1);
  const next = known.length > limit && last ? `${last.at}_${last.jobId}` : (end?.next ?? null);
  return { letters: shown.map(({ job }) => letterOf(job)), next };
}

const PAGE = 200;

/** All jobs that match, newest first, in pages. */
export async function* deadJobsOn(
  shards: readonly DeadShard[],
  filter: DeadFilter,
): AsyncGenerator<RequestJob[]> {
  if (shards.length === 1) {
    for await (const page of matchingJobs(shards[0] as DeadShard, filter)) yield page.map(({ job }) => job);
    return;
  }
  const sources = await Promise.all(shards.map((shard) => openSource(matchingJobs(shard, filter))));
  for (let left = sources.filter(hasMore); left.length > 0; left = left.filter(hasMore)) {
    const page: RequestJob[] = [];
    while (left.every(hasMore) && page.length < PAGE) {
      const newest = left.length === 1 ? left[0] : left.toSorted((a, b) => byAge(headOf(a), headOf(b)))[0];
      if (!newest) break;
      page.push(headOf(newest).job);
      await moveOn(newest);
    }
    yield page;
  }
}

/** The letters of a shard, of which those before `at` in its page have been given. */
interface Source {
  pages: AsyncGenerator<DeadJob[]>;
  page: DeadJob[];
  at: number;
}

async function openSource(pages: AsyncGenerator<DeadJob[]>): Promise<Source> {
  const { value } = await pages.next();
  return { pages, page: value ?? [], at: 0 };
}

const hasMore = ({ page, at }: Source) => at < page.length;
const headOf = ({ page, at }: Source) => page[at] as DeadJob;

async function moveOn(source: Source): Promise<void> {
  if (++source.at < source.page.length) return;
  Object.assign(source, await openSource(source.pages));
}

/** All letters that match, newest first. */
export async function* deadLetters(
  shards: readonly DeadShard[],
  filter: DeadFilter,
): AsyncGenerator<DeadLetter> {
  for await (const jobs of deadJobsOn(shards, filter)) yield* jobs.map(letterOf);
}

/** One letter with its request and its attempts. Throws E_LETTER_UNKNOWN. */
export async function showDead(shards: readonly DeadShard[], jobId: string): Promise<DeadLetterDetail> {
  const found = await Promise.all(shards.map((shard) => findDead(shard, jobId)));
  const letter = found.find((each) => each !== null);
  if (!letter) throw new DroverError('E_LETTER_UNKNOWN', `${jobId}.`);
  return letter;
}
