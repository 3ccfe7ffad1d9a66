// Webhooks: a crawl's events on their way from the outbox (src/frontier/lua/crawl/tell.lua) into the queue.

import { readCounts } from '../crawl/crawl.ts';
import type { CrawlCounts } from '../crawl/progress.ts';
import type { Fleet } from '../fleet.ts';
import { addWebhookJobs, type WebhookData, type WebhookQueue } from '../queue/webhook-queue.ts';

/** What a receiver gets, as JSON. */
export interface WebhookEvent {
  /** The header webhook-id: the same however often it is sent. */
  id: string;
  type: 'crawl.finished' | 'crawl.cancelled' | 'crawl.dead';
  /** When it came true; ISO 8601. */
  at: string;
  /** Of crawl.dead: the number of dead letters that was reached. */
  threshold?: number;
  /** As it was shortly after that. */
  crawl: Pick<
    CrawlCounts,
    'crawl' | 'state' | 'accepted' | 'recorded' | 'refused' | 'dead' | 'waiting' | 'bytes' | 'errors'
  > & { name: string; createdAt: string; finishedAt: string | null };
}

/** A crawl's events that have not arrived. */
export interface EventsUnderway {
  underway: number;
  /** Of the newest 1,000 of all crawls. */
  givenUp: number;
}

const EVENTS_A_CALL = 100;
/** So many jobs of the queue are looked at for those of one crawl. */
const MOST_LOOKED_AT = 10_000;

/**
 * Makes jobs of events in the outbox, the oldest first, and takes them out of it: cut off in between, it makes the same jobs again, which
 * changes nothing. Answers how many it found, at most 100; there may be more unless it is 0.
 */
export async function handOver(fleet: Fleet, queue: WebhookQueue): Promise<number> {
  const entries = await fleet.redis.lrange(fleet.keys.outbox, 0, EVENTS_A_CALL - 1);
  if (entries.length === 0) return 0;
  const jobs = await Promise.all(entries.map((entry) => jobOf(fleet, entry)));
  await addWebhookJobs(
    queue,
    jobs.filter((job) => job !== null),
  );
  for (const entry of entries) await fleet.redis.lrem(fleet.keys.outbox, 1, entry);
  return entries.length;
}

export async function eventsOf(fleet: Fleet, queue: WebhookQueue, crawl: string): Promise<EventsUnderway> {
  const start = idStart(crawl, (await fleet.redis.hget(fleet.keys.crawl(crawl), 'token')) ?? '');
  const isOurs = (id: string) => id.startsWith(start);
  // In this order, one that moves on meanwhile is found, perhaps twice.
  const outbox = await fleet.redis.lrange(fleet.keys.outbox, 0, MOST_LOOKED_AT);
  const queued = await queue.getRanges(['delayed', 'wait', 'active'], 0, MOST_LOOKED_AT);
  const failed = await queue.getRanges(['failed'], 0, MOST_LOOKED_AT);
  const underway = [...outbox.map((entry) => entry.split('\x1f', 1)[0] ?? ''), ...queued].filter(isOurs);
  return { underway: new Set(underway).size, givenUp: failed.filter(isOurs).length };
}

/** Of the ids that src/frontier/lua/crawl/tell.lua gives to a crawl's events. */
function idStart(crawl: string, token: string): string {
  return `${crawl.replaceAll('.', '_')}-${token}-`;
}

/** Null when nothing is known of the crawl any more. */
async function jobOf(
  fleet: Fleet,
  entry: string,
): Promise<({ id: string; type: string } & WebhookData) | null> {
  const [id = '', type = '', crawl = '', at = '', threshold = ''] = entry.split('\x1f');
  const [name, createdAt, finishedAt] = await fleet.redis.hmget(
    fleet.keys.crawl(crawl),
    'name',
    'createdAt',
    'finishedAt',
  );
  if (!name) return null;
  const { state, accepted, recorded, refused, dead, waiting, bytes, errors } = await readCounts(fleet, crawl);
  const iso = (ms: string | null | undefined) => new Date(Number(ms)).toISOString();
  const event: WebhookEvent = {
    id,
    type: type as WebhookEvent['type'],
    at: iso(at),
    ...(threshold === '' ? {} : { threshold: Number(threshold) }),
    crawl: {
      ...{ crawl, name, state, accepted, recorded, refused, dead, waiting, bytes, errors },
      createdAt: iso(createdAt),
      finishedAt: state === 'finished' && finishedAt ? iso(finishedAt) : null,
    },
  };
  return { id, type, crawl, body: JSON.stringify(event) };
}
