// Moves a crawl's events from the outbox (src/frontier/lua/crawl/tell.lua) into the queue of webhooks.

import { readCounts } from '../crawl/crawl.ts';
import type { CrawlCounts } from '../crawl/progress.ts';
import type { Fleet } from '../fleet.ts';
import { addWebhookJobs, type WebhookData, type WebhookQueue } from '../queue/webhook-queue.ts';

/** The JSON body that a receiver gets. */
export interface WebhookEvent {
  /** Also in the header webhook-id. It stays the same when the event is sent again. */
  id: string;
  type: 'crawl.finished' | 'crawl.cancelled' | 'crawl.dead' | 'schedule.started' | 'schedule.skipped';
  /** When the event happened; ISO 8601. */
  at: string;
  /** For crawl.dead: the number of dead letters that was reached. */
  threshold?: number;
  /**
   * For events of a schedule: which, and when the run was due (ISO 8601). `why`: the code of the error
   * because of which no crawl could begin; null if that was not why.
   */
  schedule?: { name: string; cron: string; zone: string; due: string; why: string | null };
  /**
   * The crawl shortly after the event. For schedule.skipped, the one that went on, or the newest of the name.
   */
  crawl: EventCrawl;
}

type EventCrawl = Pick<
  CrawlCounts,
  'crawl' | 'state' | 'accepted' | 'recorded' | 'refused' | 'dead' | 'waiting' | 'bytes' | 'errors'
> & { name: string; createdAt: string; finishedAt: string | null };

/** A crawl's events that have not been delivered. */
export interface EventsUnderway {
  underway: number;
  /** Counted among the newest 1,000 failed deliveries of all crawls. */
  givenUp: number;
}

const EVENTS_PER_CALL = 100;
/** Most jobs of the queue that are read to find those of one crawl. */
const MOST_LOOKED_AT = 10_000;

/**
 * Makes jobs from events in the outbox, oldest first, and removes the events. If it is interrupted between
 * the two, it makes the same jobs again, which changes nothing. Returns how many events it found, at most
 * 100; unless that is 0, there may be more.
 */
export async function handOver(fleet: Fleet, queue: WebhookQueue): Promise<number> {
  const entries = await fleet.redis.lrange(fleet.keys.outbox, 0, EVENTS_PER_CALL - 1);
  if (entries.length === 0) return 0;
  const jobs = await Promise.all(entries.map((entry) => webhookJobOf(fleet, entry)));
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
  // In this order, an event that moves on meanwhile is found at least once.
  const outbox = await fleet.redis.lrange(fleet.keys.outbox, 0, MOST_LOOKED_AT);
  const queued = await queue.getRanges(['delayed', 'wait', 'active'], 0, MOST_LOOKED_AT);
  const failed = await queue.getRanges(['failed'], 0, MOST_LOOKED_AT);
  const underway = [...outbox.map((entry) => entry.split('\x1f', 1)[0] ?? ''), ...queued].filter(isOurs);
  return { underway: new Set(underway).size, givenUp: failed.filter(isOurs).length };
}

/** Prefix of the ids that src/frontier/lua/crawl/tell.lua gives to a crawl's events. */
function idStart(crawl: string, token: string): string {
  return `${crawl.replaceAll('.', '_')}-${token}-`;
}

const iso = (ms: string | number | null | undefined) => new Date(Number(ms)).toISOString();

/** Makes the job of an event; null when the crawl is not known any more. */
async function webhookJobOf(
  fleet: Fleet,
  entry: string,
): Promise<({ id: string; type: string } & WebhookData) | null> {
  const [id = '', type = '', crawl = '', at = '', threshold = '', schedule = ''] = entry.split('\x1f');
  const told = await eventCrawl(fleet, crawl);
  if (!told) return null;
  const { due, ...of } = schedule === '' ? { due: '' } : JSON.parse(schedule);
  const event: WebhookEvent = {
    id,
    type: type as WebhookEvent['type'],
    at: iso(at),
    ...(threshold === '' ? {} : { threshold: Number(threshold) }),
    ...(schedule === '' ? {} : { schedule: { ...of, due: iso(due) } }),
    crawl: told,
  };
  return { id, type, crawl, ...(schedule === '' ? {} : { schedule: of.name }), body: JSON.stringify(event) };
}

/** Null when the crawl is not known (any more). */
async function eventCrawl(fleet: Fleet, crawl: string): Promise<EventCrawl | null> {
  const [name, createdAt, finishedAt] = await fleet.redis.hmget(
    fleet.keys.crawl(crawl),
    'name',
    'createdAt',
    'finishedAt',
  );
  if (!name) return null;
  const { state, accepted, recorded, refused, dead, waiting, bytes, errors } = await readCounts(fleet, crawl);
  return {
    ...{ crawl, name, state, accepted, recorded, refused, dead, waiting, bytes, errors },
    createdAt: iso(createdAt),
    finishedAt: state === 'finished' && finishedAt ? iso(finishedAt) : null,
  };
}
