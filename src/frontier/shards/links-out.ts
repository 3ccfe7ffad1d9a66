// Links to hosts of other shards. The step that ends or follows a page puts them into the outbox of its
// shard; from there they are delivered, and acknowledged when they have arrived. A process that dies in
// between leaves them there, and another one delivers them.
import { type Fleet, homeOfShard, redisTimeMs, shardOf } from '../../fleet.ts';
import type { Redis } from '../../redis.ts';
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

/** After this time, a replica has what its primary has answered, unless that was lost meanwhile. */
const SURE_MS = 500;

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
      while (waiting.length > 0) await this.#deliverBatch(shard, takeBatch(waiting));
    } finally {
      waiting.length = 0; // after an error, the next sweep delivers them
      this.#running.delete(shard);
    }
  }

  /**
   * On one server, both shards always stand at the same moment. When the server of the other shard is lost,
   * its replica may stand at a moment before: then the links must still be in the outbox.
   */
  async #deliverBatch(shard: number, batch: readonly LinksOut[]): Promise<void> {
    const { redis } = this.#fleet.shards[shard] as Fleet;
    const arrived = await deliver(this.#fleet, shard, batch);
    if (arrived.length === 0) return;
    if (redis === this.#fleet.redis) return this.#acknowledge(arrived);
    const closed = closesOf(redis);
    const isSure = () => closesOf(redis) === closed;
    // What fails stays in the outbox, where the next sweep finds it.
    const later = () => (isSure() ? this.#acknowledge(arrived) : this.carry(arrived)).catch(() => undefined);
    setTimeout(later, SURE_MS).unref();
  }

  async #acknowledge(arrived: readonly LinksOut[]): Promise<void> {
    await this.#fleet.run(ackScript, arrived);
  }
}

const closes = new WeakMap<Redis, { count: number }>();

/** How often the connection has ended since the first call. */
function closesOf(redis: Redis): number {
  let closed = closes.get(redis);
  if (!closed) {
    const counted = { count: 0 };
    redis.on('close', () => counted.count++);
    closes.set(redis, counted);
    closed = counted;
  }
  return closed.count;
}

function takeBatch(waiting: LinksOut[]): LinksOut[] {
  let [count, characters] = [0, 0];
  while (count < waiting.length && count < MOST_A_CALL && characters < MOST_CHARACTERS)
    characters += (waiting[count++] as LinksOut).list.length;
  return waiting.splice(0, count);
}

/** Returns those that are to be acknowledged. */
async function deliver(from: Fleet, shard: number, batch: readonly LinksOut[]): Promise<LinksOut[]> {
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
  return arrived;
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
/** What was put there this long after now was put there before the clock of Redis went back. */
const AHEAD_MS = 1000;
const MOST_LEFT_OVER = 200;

/**
 * Delivers what lies in the outbox of this shard for long. Returns how many pages had such links. A shard
 * that cannot be reached keeps none of the others waiting; then it rejects after them.
 */
export async function sweepLinks(fleet: Fleet): Promise<number> {
  const now = Math.floor(await redisTimeMs(fleet));
  const others = fleet.shards.filter((shard) => shard !== fleet);
  const swept = await Promise.allSettled(
    others.map(
      async ({ shard }) =>
        (await sweepTo(fleet, shard, { from: '-', to: `${now - LEFT_OVER_MS}` })) +
        (await sweepTo(fleet, shard, { from: `${now + AHEAD_MS}`, to: '+' })),
    ),
  );
  for (const one of swept) if (one.status === 'rejected') throw one.reason;
  return swept.reduce((sum, one) => sum + (one as PromiseFulfilledResult<number>).value, 0);
}

async function sweepTo(fleet: Fleet, shard: number, { from, to }: { from: string; to: string }) {
  let swept = 0;
  for (let first = from; ; ) {
    const outbox = fleet.keys.linksOut(shard);
    const entries = await fleet.redis.xrange(outbox, first, to, 'COUNT', MOST_LEFT_OVER);
    const links = entries.map(([id, fields]) => ({
      ...{ id, shard, crawl: fields[1] as string, list: fields[3] as string },
    }));
    if (links.length > 0) await carryLinks(fleet, links);
    swept += links.length;
    if (links.length < MOST_LEFT_OVER) return swept;
    first = `(${links.at(-1)?.id}`;
  }
}
