// Links to hosts of other shards. The step that ends or follows a page puts them into the outbox of its
// shard; from there they are delivered, and acknowledged when they have arrived. A process that dies in
// between leaves them there, and another one delivers them.
import { type Fleet, homeOfShard, redisTimeMs, shardOf } from '../../fleet.ts';
import { defineScript, type ScriptArgument, type ScriptReply } from '../../scripts.ts';
import { settleParked } from './grants.ts';

const FS = '\x1c';
const GS = '\x1d';
const RS = '\x1e';

/** Links that lie in the outbox of a shard. */
export interface LinksOut {
  crawl: string;
  /** The shard that they are for. */
  shard: number;
  /** In the outbox. */
  id: string;
  /** As packBatchEntry packs them, each with its key. */
  list: string;
}

const deliverScript = defineScript({
  path: 'frontier/shards/lua/deliver-links.lua',
  isAcknowledged: true,
  key: (keys) => keys.activeCrawls,
  args: (batch: readonly LinksOut[]) => batch.flatMap(({ crawl, list }) => [crawl, list]),
  answer: (reply) => reply as number[],
});

const ackScript = defineScript({
  path: 'frontier/shards/lua/ack-links.lua',
  key: (keys) => keys.activeCrawls,
  args: (batch: readonly LinksOut[]) =>
    batch.flatMap(({ shard, id, crawl }): ScriptArgument[] => [shard, id, crawl]),
  answer: Number,
});

/**
 * The list as scripts read it (lua/links/send-links.lua): first the links of this shard, which are those
 * without a key too, then those of each other one.
 */
export function splitLinks(fleet: Fleet, list: string): string {
  if (fleet.shards.length === 1 || list === '') return list;
  let own = '';
  const others = new Map<number, string>();
  for (let at = 0; at < list.length; ) {
    const end = list.indexOf(RS, at) + 1;
    const entry = list.slice(at, end);
    at = end;
    const from = entry.indexOf(GS) + 1;
    const key = entry.slice(from, entry.indexOf(GS, from));
    const { shard } = key === '' ? fleet : shardOf(fleet, key);
    if (shard === fleet.shard) own += entry;
    else others.set(shard, (others.get(shard) ?? '') + entry);
  }
  for (const [shard, links] of others) own += FS + shard + FS + links;
  return own;
}

/** What a script has put into the outbox: it answers SHARD, ID, … in the order of the split list. */
export function linksSent(crawl: string, split: string, answer: readonly ScriptReply[]): LinksOut[] {
  if (answer.length === 0) return [];
  const parts = split.split(FS).slice(1);
  return Array.from({ length: answer.length / 2 }, (_, index) => ({
    ...{ crawl, shard: Number(answer[2 * index]), id: String(answer[2 * index + 1]) },
    list: parts[2 * index + 1] as string,
  }));
}

/** Most of the links of so many pages, and so many characters, go with one call. */
const MOST_A_CALL = 64;
const MOST_CHARACTERS = 256 * 1024;

/** Those of one process that are on their way, by the shard that they are for. */
class Delivery {
  readonly #fleet: Fleet;
  readonly #waiting = new Map<number, LinksOut[]>();
  readonly #running = new Map<number, Promise<void>>();

  constructor(fleet: Fleet) {
    this.#fleet = fleet;
  }

  /** Resolves when all links that wait have arrived. Rejects if a call failed: they stay in the outbox. */
  async carry(links: readonly LinksOut[]): Promise<void> {
    for (const out of links) {
      const waiting = this.#waiting.get(out.shard);
      if (waiting) waiting.push(out);
      else this.#waiting.set(out.shard, [out]);
    }
    const shards = new Set(links.map(({ shard }) => shard));
    await Promise.all([...shards].map((shard) => this.#run(shard)));
  }

  #run(shard: number): Promise<void> {
    const running = this.#running.get(shard) ?? this.#deliverAll(shard);
    this.#running.set(shard, running);
    return running;
  }

  async #deliverAll(shard: number): Promise<void> {
    const waiting = this.#waiting.get(shard) ?? [];
    try {
      while (waiting.length > 0) await deliver(this.#fleet, shard, takeBatch(waiting));
    } finally {
      waiting.length = 0; // after an error, the next sweep delivers them
      this.#running.delete(shard);
    }
  }
}

function takeBatch(waiting: LinksOut[]): LinksOut[] {
  let [count, characters] = [0, 0];
  while (count < waiting.length && count < MOST_A_CALL && characters < MOST_CHARACTERS)
    characters += (waiting[count++] as LinksOut).list.length;
  return waiting.splice(0, count);
}

async function deliver(from: Fleet, shard: number, batch: readonly LinksOut[]): Promise<void> {
  const to = from.shards[shard] as Fleet;
  const parked = await to.run(deliverScript, batch);
  const arrived: LinksOut[] = [];
  const limited = new Set<string>();
  for (const [index, out] of batch.entries()) {
    const answer = parked[index] ?? 0;
    if (answer > 0) limited.add(out.crawl);
    // Its crawl has no part there: it is forgotten, or that part is still to begin
    // (src/crawl/shards/parts.ts).
    if (answer >= 0 || (await isGone(from, out.crawl))) arrived.push(out);
  }
  for (const crawl of limited) await settleParked(to, crawl);
  if (arrived.length > 0) await from.run(ackScript, arrived);
}

async function isGone(fleet: Fleet, crawl: string): Promise<boolean> {
  const home = homeOfShard(fleet);
  return (await home.redis.zscore(home.keys.crawls, crawl)) === null;
}

const deliveries = new WeakMap<Fleet, Delivery>();

/**
 * Delivers links that lie in the outbox of this shard. Idempotent: they are added where they are new. Rejects
 * when Redis does; then a sweep delivers them later.
 */
export function carryLinks(fleet: Fleet, links: readonly LinksOut[]): Promise<void> {
  let delivery = deliveries.get(fleet);
  if (!delivery) {
    delivery = new Delivery(fleet);
    deliveries.set(fleet, delivery);
  }
  return delivery.carry(links);
}

/** Whoever has put links into the outbox delivers them at once. Those that lie there longer are left over. */
const LEFT_OVER_MS = 2000;
const MOST_LEFT_OVER = 200;

/** Delivers what lies in the outbox of this shard for long. Returns how many pages had such links. */
export async function sweepLinks(fleet: Fleet): Promise<number> {
  const { redis, keys, shards, shard: own } = fleet;
  const before = Math.floor((await redisTimeMs(fleet)) - LEFT_OVER_MS);
  let swept = 0;
  for (const { shard } of shards) {
    if (shard === own) continue;
    for (let from = '-'; ; ) {
      const entries = await redis.xrange(keys.linksOut(shard), from, before, 'COUNT', MOST_LEFT_OVER);
      const links = entries.map(([id, fields]) => ({
        ...{ id, shard, crawl: fields[1] as string, list: fields[3] as string },
      }));
      if (links.length > 0) await carryLinks(fleet, links);
      swept += links.length;
      if (links.length < MOST_LEFT_OVER) break;
      from = `(${links.at(-1)?.id}`;
    }
  }
  return swept;
}
