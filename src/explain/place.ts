// Finds where a request is (in its lane, in the queue, dead, ended), with its attempts and its record.
import { lookUpRecords, otherRecordFolders } from '../crawl/kept-records.ts';
import { findJob } from '../dead/groups.ts';
import { type Fleet, homeOfShard, shardOf } from '../fleet.ts';
import { type FrontierLook, findInLanes, isKnown, lookAtRequest } from '../frontier/look.ts';
import { isInOutbox, isParked } from '../frontier/shards/look.ts';
import { jobIdOf } from '../keys.ts';
import { detailOf, letterOf } from '../queue/dead-letters.ts';
import { requestIn } from '../queue/job-data.ts';
import type { RequestJob, RequestQueue } from '../queue/queue.ts';
import type { RecordStores } from '../records/stores.ts';
import type { Request } from '../request.ts';
import type { RequestPlace, Whereabouts } from './explanation.ts';

/** Most entries of lanes that are searched for one request. */
export const MOST_IN_LANES = 10_000;
/** Tries to find a request that moves on while it is being looked for. */
const MOST_LOOKS = 3;
/** BullMQ keeps the time of a delayed job in the upper bits of its score. */
const DELAY_SCALE = 0x1000;

export interface PlaceParts {
  fleet: Fleet;
  /** Those of all shards. */
  queues: readonly RequestQueue[];
  stores: RecordStores;
}

/** The same for the shard that has the request. */
interface ShardParts extends Omit<PlaceParts, 'queues'> {
  queue: RequestQueue;
}

/** One request of a crawl. `key` is the limiter key of its lane, null if that is not known. */
export interface Wanted {
  crawl: string;
  store: string;
  recordsFolder: string;
  id: string;
  key: string | null;
}

/** Finds a request, by several reads that change nothing. Throws E_FILE. */
export async function locate({ queues, ...rest }: PlaceParts, wanted: Wanted): Promise<Whereabouts> {
  const fleet = await shardOfWanted(rest.fleet, wanted);
  const parts: ShardParts = { ...rest, fleet, queue: queues[fleet.shard] as RequestQueue };
  for (let looks = 1; ; looks++) {
    const look = await lookAtRequest(fleet, wanted.crawl, wanted.id);
    const found = await locateOnce(parts, wanted, look);
    if (found) return found;
    if (looks < MOST_LOOKS) continue;
    const nowhere: RequestPlace = look.open
      ? { kind: 'queue', state: 'hand-over', untilMs: null }
      : { kind: 'elsewhere', places: await otherPlaces(parts, wanted.crawl) };
    return { place: nowhere, look, request: look.open, attempts: [], letter: null, placed: null };
  }
}

/** Without a key: the first shard that knows the request. */
async function shardOfWanted(fleet: Fleet, { crawl, id, key }: Wanted): Promise<Fleet> {
  if (key !== null) return shardOf(fleet, key);
  if (fleet.shards.length === 1) return fleet;
  const looks = await Promise.all(fleet.shards.map((shard) => lookAtRequest(shard, crawl, id)));
  return fleet.shards[looks.findIndex(isKnown)] ?? fleet;
}

/** Where other data directories have records of the crawl: MACHINE:DIRECTORY/records/FOLDER. */
async function otherPlaces({ fleet, stores }: ShardParts, crawl: string): Promise<string[]> {
  const kept = await lookUpRecords(homeOfShard(fleet), crawl);
  return otherRecordFolders(kept, stores.at(kept.store)).map(({ path }) => path);
}

/** One try; null when the request has moved on meanwhile. */
async function locateOnce(
  parts: ShardParts,
  wanted: Wanted,
  look: FrontierLook,
): Promise<Whereabouts | null> {
  const job = look.open || look.dead ? await findJob(parts.queue, jobIdOf(wanted.crawl, wanted.id)) : null;
  const nothing = {
    look,
    request: look.open,
    attempts: job ? detailOf(job).tries : [],
    letter: null,
    placed: null,
  };
  if (look.open) {
    const place = await placeInQueue(parts, job, look);
    if (place === null) return null;
    // Read after its state, so that the attempt that has led to this is there.
    const latest = job && (await findJob(parts.queue, jobIdOf(wanted.crawl, wanted.id)));
    return { ...nothing, place, attempts: latest ? detailOf(latest).tries : nothing.attempts };
  }
  const placed = await parts.stores.at(wanted.store).find(wanted.recordsFolder, wanted.id);
  if (look.dead) {
    const letter = job && (await job.isFailed()) ? letterOf(job) : null;
    return { ...nothing, place: { kind: 'dead' }, request: job && requestIn(job.data), letter, placed };
  }
  if (placed && !look.replayed) return { ...nothing, place: { kind: 'ended' }, placed };
  if (look.seen || look.replayed) return placeInLane(parts, wanted, { ...nothing, placed });
  if (look.seen === null) return { ...nothing, place: { kind: 'dropped' } };
  const isSent = wanted.key !== null && (await isInOutbox(parts.fleet, wanted.crawl, wanted.id));
  return { ...nothing, place: isSent ? { kind: 'between', at: 'outbox' } : { kind: 'never' } };
}

async function placeInQueue(
  { fleet, queue }: ShardParts,
  job: RequestJob | null,
  look: FrontierLook,
): Promise<RequestPlace | null> {
  const state = job ? await job.getState() : 'unknown';
  if (state === 'delayed') {
    if (job?.id && (await fleet.redis.zscore(fleet.keys.renders, job.id)) !== null)
      return { kind: 'queue', state: 'browser', untilMs: null };
    const score = await fleet.redis.zscore(queue.toKey('delayed'), job?.id ?? '');
    return score === null ? null : { kind: 'queue', state, untilMs: Math.floor(Number(score) / DELAY_SCALE) };
  }
  if (state === 'active') return { kind: 'queue', state, untilMs: null };
  if (state === 'waiting' || state === 'prioritized')
    return { kind: 'queue', state: 'waiting', untilMs: null };
  return look.handOver ? { kind: 'queue', state: 'hand-over', untilMs: null } : null;
}

async function placeInLane(
  { fleet }: ShardParts,
  { crawl, id, key }: Wanted,
  known: Omit<Whereabouts, 'place'>,
): Promise<Whereabouts | null> {
  const { found, length, lookedAtAll } = await findInLanes(fleet, crawl, id, key, MOST_IN_LANES);
  if (!found && lookedAtAll)
    return (await isParked(fleet, crawl, id)) ? { ...known, place: { kind: 'between', at: 'limit' } } : null;
  const request: Request | null = found?.request ?? null;
  return { ...known, place: { kind: 'lane', lane: found, length: found?.length ?? length }, request };
}
