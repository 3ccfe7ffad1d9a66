// The counters of crawls over another number of shards. What has ended is counted at home alone from then on:
// only the sums matter. Each other part has accepted what waits in it, and its dead letters. So
// accepted = recorded + refused + dead + waiting holds of each part, and the sums are what they were.
import { isCounter } from '../crawl/shards/parts.ts';
import type { Fleet } from '../fleet.ts';
import { crawlAndId } from '../keys.ts';
import { defineScript } from '../scripts.ts';
import { fieldsOf, type Resharding, scoresOf } from './move.ts';

/** What a crawl had counted, before anything of it was moved. */
export interface Totals {
  counted: Record<string, number>;
  /** How many of its requests there were, in lanes and open. */
  waiting: number;
}

/** Of the shard, not of the crawl; or made anew. */
const ofShard = new Set(['seen', 'out', 'parked', 'forBrowser']);
const isTotal = (field: string) => isCounter(field) && !ofShard.has(field);

/** What only home has of a crawl that has parts, and each part of itself. */
const partFields = ['part', 'out', 'parked', 'granted', 'full'];

const storeScript = defineScript({
  path: 'reshard/lua/store-home.lua',
  isAcknowledged: true,
  key: (keys, { crawl }) => keys.crawl(crawl),
  args: ({ crawl, shards }: { crawl: string; shards: number }) => [crawl, shards],
  answer: () => undefined,
});

export async function readTotals({ old }: Resharding, crawl: string): Promise<Totals> {
  const counted: Record<string, number> = {};
  for (const { redis, keys } of old.shards)
    for (const [field, value] of Object.entries(await redis.hgetall(keys.crawl(crawl))))
      if (isTotal(field)) counted[field] = (counted[field] ?? 0) + Number(value);
  return { counted, waiting: await countAll(old.shards, crawl) };
}

/** What is in the frontier of a crawl. */
async function countAll(shards: readonly Fleet[], crawl: string): Promise<number> {
  let waiting = 0;
  for (const shard of shards) waiting += await countWaiting(shard, crawl);
  return waiting;
}

async function countWaiting(shard: Fleet, crawl: string): Promise<number> {
  const { redis, keys } = shard;
  const priorities = (await redis.hget(keys.crawl(crawl), 'priorities')) ?? '0';
  let count = await redis.hlen(keys.open(crawl));
  for await (const page of scoresOf(shard, keys.dueLanes(crawl))) {
    const lanes = page.flatMap(([key]) => [...priorities].map((priority) => keys.lane(crawl, priority, key)));
    const lengths = await Promise.all(lanes.map((lane) => redis.llen(lane)));
    count += lengths.reduce((sum, length) => sum + length, 0);
  }
  return count;
}

/** Everything of it has moved: gives each part its counters and its state. To do it again changes nothing. */
export async function settleCrawl({ next, to }: Resharding, crawl: string, totals: Totals): Promise<void> {
  const { redis, keys } = next;
  const state = await redis.hget(keys.crawl(crawl), 'state');
  if (state === null) return;
  const waiting = await countAll(next.shards, crawl);
  if (waiting !== totals.waiting)
    throw new Error(`${crawl}: ${totals.waiting} requests waited before, and ${waiting} do now.`);
  const left = { ...totals.counted };
  const accepted: number[] = [];
  for (const part of next.shards.slice(1)) {
    const own = await countedIn(part, crawl);
    for (const [field, count] of Object.entries(own)) left[field] = (left[field] ?? 0) - count;
    accepted.push(own.accepted ?? 0);
    await setCounters(part, crawl, own);
  }
  await setCounters(next, crawl, left);
  await next.run(storeScript, { crawl, shards: to });
  await grantAll(next, crawl, [left.accepted ?? 0, ...accepted]);
  for (const part of next.shards) await setState(part, crawl, state);
}

async function countedIn(part: Fleet, crawl: string): Promise<Record<string, number>> {
  const own: Record<string, number> = { accepted: 0, dead: 0 };
  const count = (field: string, more = 1) => {
    own[field] = (own[field] ?? 0) + more;
  };
  count('accepted', await countWaiting(part, crawl));
  for await (const dead of fieldsOf(part, part.keys.dead(crawl)))
    for (const [, value] of dead) {
      const [, code] = /^\d+\x1f(\S+)/.exec(value) ?? [];
      for (const field of ['accepted', 'dead', ...(code ? [`e:${code}`] : [])]) count(field);
    }
  return own;
}

async function setCounters(part: Fleet, crawl: string, counters: Record<string, number>): Promise<void> {
  const { redis, keys } = part;
  const former = (await redis.hkeys(keys.crawl(crawl))).filter(isTotal);
  const gone = former.filter((field) => !counters[field]);
  const kept = Object.fromEntries(Object.entries(counters).filter(([, count]) => count !== 0));
  if (gone.length > 0) await redis.hdel(keys.crawl(crawl), ...gone);
  if (Object.keys(kept).length > 0) await redis.hset(keys.crawl(crawl), kept);
  await redis.hdel(keys.crawl(crawl), ...(part.shard === 0 ? partFields : partFields.slice(1)), 'forBrowser');
}

/** Each part may have what it has accepted; what is left of the limit is granted when it is asked for. */
async function grantAll(next: Fleet, crawl: string, accepted: readonly number[]): Promise<void> {
  const { redis, keys, shards } = next;
  const former = (await redis.hkeys(keys.crawl(crawl))).filter((field) =>
    /^(?:g:\d+|grantedSum|counted)$/.test(field),
  );
  if (former.length > 0) await redis.hdel(keys.crawl(crawl), ...former);
  if ((await redis.hexists(keys.crawl(crawl), 'limited')) === 0) return;
  const grants = Object.fromEntries(accepted.map((count, shard) => [`g:${shard}`, count]));
  const grantedSum = accepted.reduce((sum, count) => sum + count, 0);
  await redis.hset(keys.crawl(crawl), { ...grants, grantedSum, counted: 1 });
  for (const { redis, keys, shard } of shards)
    await redis.hset(keys.crawl(crawl), 'granted', accepted[shard] ?? 0);
}

/** A part on another shard than home has ended when nothing waits in it. */
async function setState(part: Fleet, crawl: string, state: string): Promise<void> {
  const { redis, keys, shard } = part;
  const isIdle = shard > 0 && (await countWaiting(part, crawl)) === 0;
  const own = state === 'running' && isIdle ? 'finished' : state;
  await redis.hset(keys.crawl(crawl), 'state', own);
  if (own === 'running') await redis.zadd(keys.activeCrawls, 'NX', 0, crawl);
  else await redis.zrem(keys.activeCrawls, crawl);
}

/** How many jobs of each crawl wait for a browser on this shard. */
export async function countForBrowser(part: Fleet): Promise<void> {
  const waiting = new Map<string, number>();
  for await (const jobs of scoresOf(part, part.keys.renders))
    for (const [job] of jobs) {
      const { crawl } = crawlAndId(job);
      waiting.set(crawl, (waiting.get(crawl) ?? 0) + 1);
    }
  for (const [crawl, count] of waiting) await part.redis.hset(part.keys.crawl(crawl), 'forBrowser', count);
}
