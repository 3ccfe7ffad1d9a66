// Purging crawls by age and count: what would go is found out first, and shown. Records and the crawl's state
// go, or the bodies of its records alone.

import { listCrawls, recordsFolderOf, storeOf } from '../crawl/crawl.ts';
import { listLosingRecords } from '../crawl/forget.ts';
import { lookUpRecords, otherRecordFolders } from '../crawl/kept-records.ts';
import { endedOf } from '../crawl/progress.ts';
import { scheduledRuns } from '../crawl/scheduled-runs.ts';
import { readCrawl } from '../crawl/shards/parts.ts';
import { countInCrawl } from '../crawl/tally.ts';
import { type CrawlView, viewCrawls } from '../crawl/views.ts';
import { DroverError } from '../errors.ts';
import { type Fleet, redisTimeMs } from '../fleet.ts';
import { countOpen, steer } from '../frontier/steer.ts';
import type { RequestQueue } from '../queue/queue.ts';
import type { RecordStores } from '../records/stores.ts';
import { type Forgotten, forgetCrawl } from './forget.ts';

export interface PurgeWish {
  /** Names (all runs of each) or ids; null for all crawls. */
  crawls: readonly string[] | null;
  /** Only those that ended longer ago; of crawls that have not ended, those that began longer ago. */
  olderThanMs: number | null;
  /** Of each name, the newest so many stay. */
  keep: number | null;
  /** Bodies of those that ended longer ago go, and nothing else of them. */
  bodiesOlderThanMs: number | null;
  /** Those that have not ended are cancelled and go too. */
  unfinished: boolean;
}

export interface CrawlToPurge {
  crawl: string;
  what: 'crawl' | 'bodies';
  state: CrawlView['state'];
  /** ISO 8601; null for a crawl that has not ended. */
  endedAt: string | null;
  records: number;
  /** What its records take in the store of this process. */
  bytes: number;
  store: string;
  recordsFolder: string;
  /** Folders in data directories that this process does not see. What lies there stays. */
  elsewhere: { path: string; records: number }[];
}

export interface PurgePreview {
  crawls: CrawlToPurge[];
  /** Crawls that have not ended and would have gone otherwise. */
  leftOut: string[];
  /** Crawls that stay because the next run of a schedule goes by them. */
  scheduled: { crawl: string; schedule: string }[];
}

interface Parts {
  fleet: Fleet;
  stores: RecordStores;
}

/** What would go. Changes nothing. Throws E_CRAWL_UNKNOWN for a name of no crawl, and errors of stores. */
export async function previewPurge(parts: Parts, wish: PurgeWish): Promise<PurgePreview> {
  const { fleet } = parts;
  const now = await redisTimeMs(fleet);
  const views = await viewCrawls(fleet, await listCrawls(fleet));
  const halfway = await viewCrawls(fleet, await listLosingRecords(fleet));
  const isNamed = ({ crawl, name }: CrawlView) =>
    wish.crawls?.some((each) => each === crawl || each === name) ?? true;
  for (const name of wish.crawls ?? [])
    if (![...views, ...halfway].some((view) => view.crawl === name || view.name === name))
      throw new DroverError('E_CRAWL_UNKNOWN', `The name given is ${JSON.stringify(name)}.`);
  const preview: PurgePreview = { crawls: [], leftOut: [], scheduled: [] };
  const scheduled = await scheduledRuns(fleet);
  const runs = new Map<string, number>();
  const selects = wish.olderThanMs !== null || wish.keep !== null || wish.bodiesOlderThanMs === null;
  for (const view of halfway.filter(isNamed)) preview.crawls.push(await toPurge(parts, view, 'crawl'));
  for (const view of views) {
    const run = (runs.get(view.name) ?? 0) + 1;
    runs.set(view.name, run);
    if (!isNamed(view)) continue;
    const endedAt = await endOf(fleet, view);
    const ageMs = now - (endedAt ?? Date.parse(view.createdAt));
    const goes = selects && run > (wish.keep ?? 0) && (wish.olderThanMs === null || ageMs > wish.olderThanMs);
    if (goes && endedAt === null && !wish.unfinished) preview.leftOut.push(view.crawl);
    else if (goes && scheduled.has(view.crawl))
      preview.scheduled.push({ crawl: view.crawl, schedule: scheduled.get(view.crawl)?.schedule ?? '' });
    else if (goes) preview.crawls.push(await toPurge(parts, view, 'crawl', endedAt));
    else if (endedAt !== null && wish.bodiesOlderThanMs !== null && ageMs > wish.bodiesOlderThanMs)
      if (await mayHaveBodies(fleet, view))
        preview.crawls.push(await toPurge(parts, view, 'bodies', endedAt));
  }
  return preview;
}

/** When the crawl ended, in milliseconds; null if it has not. */
async function endOf({ redis, keys }: Fleet, { crawl, state, createdAt }: CrawlView): Promise<number | null> {
  if (state !== 'finished' && state !== 'cancelled') return null;
  const [finishedAt, cancelledAt] = await redis.hmget(keys.crawl(crawl), 'finishedAt', 'cancelledAt');
  return Number((state === 'finished' ? finishedAt : cancelledAt) ?? Date.parse(createdAt));
}

async function toPurge(
  { fleet, stores }: Parts,
  view: CrawlView,
  what: CrawlToPurge['what'],
  endedAt: number | null = null,
): Promise<CrawlToPurge> {
  const { crawl, state } = view;
  const [token, field] = await fleet.redis.hmget(fleet.keys.crawl(crawl), 'token', 'store');
  const recordsFolder = recordsFolderOf(crawl, token ?? '');
  const store = stores.at(storeOf(field));
  return {
    ...{ crawl, what, state, records: endedOf(view), store: storeOf(field), recordsFolder },
    endedAt: endedAt === null ? null : new Date(endedAt).toISOString(),
    bytes: await store.size(recordsFolder),
    elsewhere: otherRecordFolders(await lookUpRecords(fleet, crawl), store),
  };
}

/** The crawl's field that says how many records there were when bodies were dropped last. */
const DROPPED = 'bodiesDropped';

async function mayHaveBodies({ redis, keys }: Fleet, { crawl, recorded }: CrawlView): Promise<boolean> {
  return recorded > 0 && Number(await redis.hget(keys.crawl(crawl), DROPPED)) !== recorded;
}

/**
 * Purges one crawl, or its bodies. When it is cut off, the same purge goes on from there. Throws
 * E_CRAWL_OPEN when the crawl has begun to go on since; E_DISK_FULL, E_FILE and errors of stores.
 */
export async function purgeCrawl(
  parts: Parts & { queues: readonly RequestQueue[]; exportDir: string | null },
  { crawl, what, state, store: address, recordsFolder }: CrawlToPurge,
): Promise<{ isComplete: boolean; forgotten: Forgotten | null }> {
  const { fleet, stores, queues, exportDir } = parts;
  const store = stores.at(address);
  if (what === 'bodies') {
    const before = await readCrawl(fleet, crawl);
    const isComplete = await store.dropBodies(recordsFolder);
    const [recorded, dropped] = [Number(before.recorded ?? 0), Number(before[DROPPED] ?? 0)];
    if (isComplete) await countInCrawl(fleet, crawl, DROPPED, recorded - dropped);
    return { isComplete, forgotten: null };
  }
  if (state === 'running' || state === 'paused') await cancelAndWait(fleet, crawl);
  const removeRecords = () => store.remove(recordsFolder);
  const forgotten = await forgetCrawl({ fleet, queues, exportDir, removeRecords }, crawl);
  return { isComplete: true, forgotten };
}

/** How long fetches in flight may take to end, with their records. */
const IN_FLIGHT_MS = 10_000;

async function cancelAndWait(fleet: Fleet, crawl: string): Promise<void> {
  await steer(fleet, crawl, 'cancel');
  const deadline = performance.now() + IN_FLIGHT_MS;
  while ((await countOpen(fleet, crawl)) > 0 && performance.now() < deadline)
    await new Promise((resolve) => setTimeout(resolve, 100));
}
