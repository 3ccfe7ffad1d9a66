// Ends crawls of which nothing is left. A crawl with one part ends in the step that ends its last request, or
// here, when its producer died before it could leave. One with parts on several shards ends here alone, by a
// consistent cut: there must have been a moment at which nothing of it was left anywhere.
import { type Fleet, homeOfShard } from '../../fleet.ts';
import { settleParked } from '../../frontier/shards/grants.ts';
import { type Steering, steerPart } from '../../frontier/steer.ts';
import { defineScript } from '../../scripts.ts';
import { beginParts } from './parts.ts';

interface Cut {
  crawl: string;
  /** The epoch that home must still have; null when some other part has not ended. */
  epoch: string | null;
  /** What the other parts have accepted and recorded, how much they refused, and how many are dead. */
  counted: readonly number[];
}

const endScript = defineScript({
  path: 'crawl/lua/end-if-done.lua',
  key: (keys, { crawl }) => keys.crawl(crawl),
  args: ({ crawl, epoch, counted }: Cut) =>
    counted.length === 0 ? [crawl] : [crawl, epoch ?? '', ...counted],
  answer: (reply) => reply === 1,
});

const quietScript = defineScript({
  path: 'crawl/lua/look-if-quiet.lua',
  key: (keys, crawl) => keys.crawl(crawl),
  args: (crawl: string) => [crawl],
  answer: (reply) => (reply === '' ? null : String(reply)),
});

const wakeScript = defineScript({
  path: 'crawl/lua/wake-home.lua',
  isAcknowledged: true,
  key: (keys, crawl) => keys.crawl(crawl),
  args: (crawl: string) => [crawl],
  answer: String,
});

/** A part on another shard than home, at one moment. */
interface PartState {
  state: string | null;
  epoch: string;
  parked: number;
  counted: number[];
}

/** To be called about once a second by every consumer: nothing else ends these crawls. */
export async function endFinishedCrawls(fleet: Fleet): Promise<void> {
  const active = await fleet.redis.zrange(fleet.keys.activeCrawls, '0', '-1');
  for (const crawl of active) {
    if (fleet.shards.length === 1) await fleet.run(endScript, { crawl, epoch: null, counted: [] });
    else await endIfDone(fleet, crawl);
  }
}

/**
 * Ends a crawl if nothing of it is left on any shard. Returns whether this call did.
 *
 * First all other parts are found to have ended, then the part at home to be quiet, then the other parts to
 * have been at an end all the time (each has the epoch that it had): so while home was quiet, nothing waited
 * anywhere and no link was on its way. From then on only a producer or a replay can bring something, and
 * each changes the epoch of home before it does: then this cut does not count.
 */
export async function endIfDone(fleet: Fleet, crawl: string): Promise<boolean> {
  const before = await lookAtParts(fleet, crawl);
  await putRight(fleet, crawl, before);
  const counted = [0, 1, 2, 3].map((at) =>
    before.reduce((sum, part) => sum + (part.counted[at] as number), 0),
  );
  const epoch = before.every(hasEnded) ? await fleet.run(quietScript, crawl) : null;
  const after = epoch === null ? [] : await lookAtParts(fleet, crawl);
  const isSame =
    after.length > 0 && after.every((part, at) => hasEnded(part) && part.epoch === before[at]?.epoch);
  return fleet.run(endScript, { crawl, epoch: isSame ? epoch : null, counted });
}

const hasEnded = ({ state }: PartState) => state === 'finished';

function lookAtParts({ shards }: Fleet, crawl: string): Promise<PartState[]> {
  return Promise.all(
    shards.slice(1).map(async ({ redis, keys }) => {
      const [state = null, epoch, parked, ...counted] = await redis.hmget(
        ...([
          keys.crawl(crawl),
          'state',
          'epoch',
          'parked',
          'accepted',
          'recorded',
          'refused',
          'dead',
        ] as const),
      );
      return { state, epoch: epoch ?? '', parked: Number(parked ?? 0), counted: counted.map(Number) };
    }),
  );
}

/** What a process that died has left half done: parts that are missing or still paused, parked requests. */
async function putRight(fleet: Fleet, crawl: string, parts: readonly PartState[]): Promise<void> {
  const [own, limited, counted] = await fleet.redis.hmget(
    ...([fleet.keys.crawl(crawl), 'parked', 'limited', 'counted'] as const),
  );
  const isUncounted = limited !== null && counted === null;
  if (isUncounted || parts.some(({ state }) => state === null)) await beginParts(fleet, crawl);
  for (const [index, { state, parked }] of parts.entries()) {
    const shard = fleet.shards[index + 1] as Fleet;
    if (state === 'paused' && (await stateAtHome(fleet, crawl)) === 'running')
      await steerPart(shard, crawl, 'resume');
    if (parked > 0) await settleParked(shard, crawl);
  }
  if (Number(own) > 0) await settleParked(fleet, crawl);
}

const stateAtHome = ({ redis, keys }: Fleet, crawl: string) => redis.hget(keys.crawl(crawl), 'state');

/**
 * If the crawl has finished, it runs again: something of it waits on another shard, or soon will. If its end
 * is being looked for, that look does not count. Atomic.
 */
export async function wakeCrawl(fleet: Fleet, crawl: string): Promise<void> {
  if (fleet.shards.length > 1) await fleet.run(wakeScript, crawl);
}

const steeringOf: Readonly<Record<string, Steering>> = { paused: 'pause', cancelled: 'cancel' };

/** A part that runs after its crawl had finished. When it was found active, the crawl may have run too. */
async function wakeIfRunning(home: Fleet, shard: Fleet, crawl: string): Promise<void> {
  const state = await shard.redis.hget(shard.keys.crawl(crawl), 'state');
  if (state === 'running') await wakeCrawl(home, crawl);
}

/**
 * Brings the running parts of a shard in line with home: a process died between two shards, or before it
 * could end what it held. To be called about once a second.
 */
export async function alignParts(shard: Fleet): Promise<void> {
  const home = homeOfShard(shard);
  for (const crawl of await shard.redis.zrange(shard.keys.activeCrawls, '0', '-1')) {
    const state = await stateAtHome(home, crawl);
    if (state === 'running') await shard.run(endScript, { crawl, epoch: null, counted: [] });
    else if (state === 'finished') await wakeIfRunning(home, shard, crawl);
    else await steerPart(shard, crawl, steeringOf[state ?? 'cancelled'] ?? 'cancel');
  }
}
