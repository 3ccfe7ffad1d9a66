// Links to hosts of other shards. The step that ends or follows a page puts them into the outbox of its
// shard; from there they are delivered, and acknowledged when they have arrived. A process that dies in
// between leaves them there, and another one delivers them.
import { setTimeout as sleep } from 'node:timers/promises';
import { type Fleet, homeOfShard, redisTimeMs, shardOf } from '../../fleet.ts';
import type { Redis } from '../../redis.ts';
import { defineScript, type ScriptArgument, type ScriptReply } from '../../scripts.ts';
import { settleParked } from './grants.ts';
import { Paced } from './paced.ts';

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
  args: (byCrawl: ReadonlyMap<string, readonly Carried[]>) =>
    [...byCrawl].flatMap(([crawl, lists]) => [crawl, lists.map(({ out }) => out.list).join('')]),
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
 * The list as scripts read it (lua/take-links.lua): first the links of this shard, which are those
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

/** What a script has put into the outbox, of lists that were split: it answers SHARD, ID, SHARD, ID, … */
export function linksSent(
  crawl: string,
  splits: readonly string[],
  answer: readonly ScriptReply[],
): LinksOut[] {
  const lists = new Map<number, string>();
  for (const split of splits) {
    const parts = split.split(FS);
    for (let at = 1; at < parts.length; at += 2) {
      const shard = Number(parts[at]);
      lists.set(shard, (lists.get(shard) ?? '') + parts[at + 1]);
    }
  }
  return Array.from({ length: answer.length / 2 }, (_, index) => {
    const shard = Number(answer[2 * index]);
    return { crawl, shard, id: String(answer[2 * index + 1]), list: lists.get(shard) as string };
  });
}

/** So many lists, and so many characters, go with one call at most. */
const MOST_A_CALL = 64;
const MOST_CHARACTERS = 256 * 1024;
const MOST_ACKS = 500;
/**
 * Calls of one kind to a shard follow each other after this time at the earliest: what comes meanwhile shares
 * the next one. The first after a silence is made at once.
 */
const DELIVER_EVERY_MS = 100;
const ACK_EVERY_MS = 300;
/** After this time, a replica has what its primary has answered, unless that was lost meanwhile. */
const SURE_MS = 500;

/** Links that have arrived leave the outbox of their shard, and the crawl cannot end before. */
interface Carried {
  from: Fleet;
  out: LinksOut;
}

/** The links that this process delivers, by the shard that they are for. */
class Delivery {
  readonly #toDeliver: Paced<Carried>[];
  readonly #toAck: Paced<LinksOut>[];
  readonly #underWay = new Set<Promise<void>>();

  constructor({ shards }: Fleet) {
    this.#toDeliver = shards.map(
      (to) => new Paced(DELIVER_EVERY_MS, MOST_A_CALL, (waiting) => this.#deliver(to, waiting)),
    );
    this.#toAck = shards.map(
      (from) =>
        new Paced(
          ACK_EVERY_MS,
          MOST_ACKS,
          async (waiting) => void (await from.run(ackScript, waiting.splice(0, MOST_ACKS))),
        ),
    );
  }

  /** Resolves when all of them have arrived. Rejects if a call failed: they stay in the outbox. */
  async carry(from: Fleet, links: readonly LinksOut[]): Promise<void> {
    const byShard = Map.groupBy(links, ({ shard }) => shard);
    const arriving = [...byShard].map(([shard, list]) =>
      this.#toDeliver[shard]?.add(list.map((out) => ({ from, out }))),
    );
    for (const arrival of arriving) this.#note(arrival);
    await Promise.all(arriving);
  }

  /** Resolves when nothing is under way any more: all has arrived and is acknowledged, or has failed. */
  async settled(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
  }

  /** What fails stays in the outbox, and a sweep delivers it again, which changes nothing. */
  #note(work: Promise<void> | undefined): void {
    const done = Promise.resolve(work)
      .catch(() => undefined)
      .finally(() => this.#underWay.delete(done));
    this.#underWay.add(done);
  }

  async #deliver(to: Fleet, waiting: Carried[]): Promise<void> {
    const batch = takeBatch(waiting);
    const closed = closesOf(to.redis);
    const byCrawl = Map.groupBy(batch, ({ out }) => out.crawl);
    const parked = await to.run(deliverScript, byCrawl);
    const arrived = new Map<Fleet, LinksOut[]>();
    const limited: string[] = [];
    for (const [index, [crawl, lists]] of [...byCrawl].entries()) {
      const answer = parked[index] ?? 0;
      if (answer > 0) limited.push(crawl);
      // The crawl has no part there: it is forgotten, or that part is still to begin
      // (src/crawl/shards/parts.ts).
      if (answer < 0 && !(await isGone(to, crawl))) continue;
      for (const { from, out } of lists) {
        const list = arrived.get(from);
        if (list) list.push(out);
        else arrived.set(from, [out]);
      }
    }
    for (const crawl of limited) await settleParked(to, crawl);
    for (const [from, list] of arrived) this.#acknowledge(from, to, list, closed);
  }

  /**
   * On one server, both shards always stand at the same moment. When the server of the other shard is lost,
   * its replica may stand at a moment before: then the links must still be in the outbox.
   */
  #acknowledge(from: Fleet, to: Fleet, arrived: readonly LinksOut[], closed: number): void {
    const isSure = () => to.redis === from.redis || closesOf(to.redis) === closed;
    const ack = () => (isSure() ? this.#toAck[from.shard]?.add(arrived) : this.carry(from, arrived));
    if (to.redis === from.redis) this.#note(ack());
    else this.#note(sleep(SURE_MS, undefined, { ref: false }).then(ack));
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

function takeBatch(waiting: Carried[]): Carried[] {
  let [count, characters] = [0, 0];
  while (count < waiting.length && count < MOST_A_CALL && characters < MOST_CHARACTERS)
    characters += (waiting[count++] as Carried).out.list.length;
  return waiting.splice(0, count);
}

async function isGone(fleet: Fleet, crawl: string): Promise<boolean> {
  const home = homeOfShard(fleet);
  return (await home.redis.zscore(home.keys.crawls, crawl)) === null;
}

const deliveries = new WeakMap<readonly Fleet[], Delivery>();

/**
 * Delivers links that lie in the outbox of this shard. Idempotent: they are added where they are new.
 * Resolves when they have arrived. Rejects when Redis does; then a sweep delivers them later.
 */
export function carryLinks(fleet: Fleet, links: readonly LinksOut[]): Promise<void> {
  let delivery = deliveries.get(fleet.shards);
  if (!delivery) {
    delivery = new Delivery(fleet);
    deliveries.set(fleet.shards, delivery);
  }
  return delivery.carry(fleet, links);
}

/** Resolves when all that this process delivers has arrived and is acknowledged, or has failed. */
export async function linksSettled({ shards }: Fleet): Promise<void> {
  await deliveries.get(shards)?.settled();
}

/** Whoever has put links into the outbox delivers them at once. Those that lie there longer are left over. */
const LEFT_OVER_MS = 2000;
/** What was put there this long after now was put there before the clock of Redis went back. */
const AHEAD_MS = 1000;
const MOST_LEFT_OVER = 200;

/**
 * Delivers what lies in the outbox of this shard for long. Returns how many lists of links that were. A shard
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

/** After so long, links that have arrived have long been acknowledged. */
const EMPTY_MS = 10_000;

/**
 * Delivers all that lies in the outboxes of this shard, and waits until they are empty. To be called when
 * nobody puts anything there any more.
 */
export async function emptyOutboxes(fleet: Fleet): Promise<void> {
  const { redis, keys, shards, namespace } = fleet;
  const others = shards.filter((shard) => shard !== fleet);
  for (const { shard } of others) await sweepTo(fleet, shard, { from: '-', to: '+' });
  const until = performance.now() + EMPTY_MS;
  for (const { shard } of others)
    while ((await redis.xrange(keys.linksOut(shard), '-', '+', 'COUNT', 1)).length > 0) {
      if (performance.now() > until) throw new Error(`${namespace}: links to shard ${shard} do not arrive.`);
      await sleep(20);
    }
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
