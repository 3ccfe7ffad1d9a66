// Spreads a namespace at rest over another number of shards. What it does is kept in `NS:reshard` of home,
// and while that is so, the format of the namespace is one that nobody opens. Each phase can be done again
// from its beginning, whatever a crash has left of it: the same command completes it.
import { setTimeout as sleep } from 'node:timers/promises';
import { listCrawls } from '../crawl/crawl.ts';
import { listForgetting } from '../crawl/forget.ts';
import { beginParts } from '../crawl/shards/parts.ts';
import { DroverError } from '../errors.ts';
import { FORMAT, RESHARDING } from '../fleet/format.ts';
import { keepLease, takeLease } from '../fleet/interval.ts';
import { type Fleet, homeOf } from '../fleet.ts';
import { settleParked } from '../frontier/shards/grants.ts';
import { emptyOutboxes } from '../frontier/shards/links-out.ts';
import { dropStep } from '../frontier/steer.ts';
import { countForBrowser, readTotals, settleCrawl, type Totals } from './counts.ts';
import { copySeen, moveFrontier, uniteSeen } from './frontier.ts';
import { moveDeadIndex, moveJobs, moveLoneDead } from './jobs.ts';
import { moveLimiters, moveReplays } from './limiters.ts';
import { forEach, type Resharding, suffixesOf } from './move.ts';
import { checkAtRest, checkPerServer } from './rest.ts';

/**
 * prepare: the old shards are brought to rest. move: keys move. settle: parts get their counters. clean: the
 * shards that are no more lose what is left.
 */
export type ReshardPhase = 'prepare' | 'move' | 'settle' | 'clean';

export interface Resharded {
  from: number;
  to: number;
  crawls: number;
  /** Requests that this call has moved, in lanes and open. */
  moved: number;
  tookMs: number;
}

interface ReshardParts {
  /** The connections of as many shards as there are and will be, in their order; that of home first. */
  fleet: Fleet;
  from: number;
  to: number;
  onProgress?: (phase: ReshardPhase, moved: number) => void;
}

/** How far another call is that was cut off; null if none was. */
export async function readReshard({ redis, keys }: Fleet): Promise<{ from: number; to: number } | null> {
  if (Number(await redis.get(keys.format)) !== RESHARDING) return null;
  const [from, to] = await redis.hmget(keys.reshard, 'from', 'to');
  return { from: Number(from), to: Number(to) };
}

const WORK = 'reshard';
/** A call that was killed leaves its lease, and nobody else begins before it has ended. */
const LEASE_MS = 2000;
/** A consumer that began at the same time has had a heartbeat by then. */
const LOOK_AGAIN_MS = 1500;

/**
 * Spreads everything over `to` shards, or goes on with what was cut off. Throws E_NOT_AT_REST, E_SETTING and
 * E_RESHARDING before anything has changed, and errors of layer redis: then the same call completes it.
 */
export async function reshard({
  fleet,
  from,
  to,
  onProgress = () => undefined,
}: ReshardParts): Promise<Resharded> {
  const began = performance.now();
  await holdLease(fleet);
  const renewing = setInterval(
    () => keepLease(fleet, WORK, LEASE_MS).catch(() => undefined),
    LEASE_MS / 4,
  ).unref();
  try {
    let moved = 0;
    let phase: ReshardPhase = 'prepare';
    const of = (count: number) =>
      homeOf(
        fleet.shards.slice(0, count).map(({ redis }) => redis),
        fleet.namespace,
      );
    const resharding: Resharding = {
      ...{ from, to, old: of(from), next: of(to), all: fleet.shards },
      onMoved(requests) {
        moved += requests;
        onProgress(phase, moved);
      },
    };
    const crawls = [...(await listCrawls(fleet)), ...(await listForgetting(fleet))];
    await begin(resharding, crawls);
    const phases: Record<ReshardPhase, () => Promise<void>> = {
      prepare: () => prepare(resharding, crawls),
      move: () => moveAll(resharding, crawls),
      settle: () => settle(resharding, crawls),
      clean: () => clean(resharding),
    };
    const reached = (await fleet.redis.hget(fleet.keys.reshard, 'phase')) as ReshardPhase;
    const order = Object.keys(phases) as ReshardPhase[];
    for (phase of order.slice(order.indexOf(reached))) {
      await fleet.redis.hset(fleet.keys.reshard, 'phase', phase);
      onProgress(phase, moved);
      await phases[phase]();
    }
    return { from, to, crawls: crawls.length, moved, tookMs: performance.now() - began };
  } finally {
    clearInterval(renewing);
    await fleet.redis.del(fleet.keys.lease(WORK)).catch(() => undefined);
  }
}

async function holdLease(fleet: Fleet): Promise<void> {
  const until = performance.now() + 2 * LEASE_MS;
  while (!(await takeLease(fleet, WORK, LEASE_MS))) {
    if (performance.now() > until)
      throw new DroverError('E_RESHARDING', `${fleet.namespace}: another drover reshard is at work.`);
    await sleep(200);
  }
}

/** From now on nobody opens the namespace. */
async function begin({ old, from, to }: Resharding, crawls: readonly string[]): Promise<void> {
  const { redis, keys } = old;
  if (Number(await redis.get(keys.format)) === RESHARDING) {
    if ((await redis.hget(keys.reshard, 'phase')) === 'prepare') await checkAtRest(old, crawls);
    return;
  }
  await checkAtRest(old, crawls);
  if (to > 1) await checkPerServer(old, crawls);
  await redis.del(keys.reshard);
  await redis.hset(keys.reshard, { from, to, phase: 'prepare' });
  await redis.set(keys.format, RESHARDING);
  await sleep(LOOK_AGAIN_MS);
  try {
    await checkAtRest(old, crawls);
  } catch (error) {
    await redis.set(keys.format, FORMAT);
    throw error;
  }
}

/**
 * Brings every link to its shard and every parked request into its lane, as consumers would; begins the parts
 * on new shards; and notes what each crawl has counted.
 */
async function prepare({ old, next, ...rest }: Resharding, crawls: readonly string[]): Promise<void> {
  for (const crawl of crawls) {
    await beginParts(old, crawl);
    const state = await old.redis.hget(old.keys.crawl(crawl), 'state');
    while (state === 'cancelled' && (await dropStep(old, crawl)));
  }
  await Promise.all(old.shards.map(emptyOutboxes));
  for (const crawl of crawls) {
    for (const shard of old.shards) await settleParked(shard, crawl);
    const known = await Promise.all(
      old.shards.map(({ redis, keys }) => redis.hget(keys.crawl(crawl), 'priorities')),
    );
    const priorities = [...new Set(['0', ...known.join('')])].join('');
    await beginParts(next, crawl);
    for (const { redis, keys } of rest.all)
      if ((await redis.exists(keys.crawl(crawl))) === 1)
        await redis.hset(keys.crawl(crawl), 'priorities', priorities);
    const totals = await readTotals({ old, next, ...rest }, crawl);
    await old.redis.hset(old.keys.reshard, `t:${crawl}`, JSON.stringify(totals));
  }
}

async function moveAll(resharding: Resharding, crawls: readonly string[]): Promise<void> {
  const { old, next } = resharding;
  // The index first: its letters are found by their jobs.
  for (const shard of old.shards) await moveDeadIndex(resharding, shard);
  for (const shard of old.shards) {
    await moveJobs(resharding, shard);
    await moveLimiters(resharding, shard);
    await moveReplays(resharding, shard);
  }
  for (const crawl of crawls) {
    for (const shard of next.shards.slice(old.shards.length)) await copySeen(resharding, shard, crawl);
    await forEach(old.shards, async (shard) => {
      await moveFrontier(resharding, shard, crawl);
      await moveLoneDead(resharding, shard, crawl);
      await uniteSeen(resharding, shard, crawl);
    });
  }
}

async function settle(resharding: Resharding, crawls: readonly string[]): Promise<void> {
  const { next } = resharding;
  for (const crawl of crawls) {
    const text = await next.redis.hget(next.keys.reshard, `t:${crawl}`);
    if (text !== null) await settleCrawl(resharding, crawl, JSON.parse(text) as Totals);
  }
  const isDrained = (await next.redis.hget(next.keys.queueState, 'paused')) !== null;
  for (const shard of next.shards) {
    await countForBrowser(shard);
    if (isDrained) await shard.redis.hset(shard.keys.queueState, 'paused', '1');
  }
}

/** From the last step on, the namespace can be opened. */
async function clean({ old, next, to }: Resharding): Promise<void> {
  for (const shard of old.shards.slice(to))
    for await (const suffixes of suffixesOf(shard, ':'))
      await forEach(suffixes, (suffix) => shard.redis.unlink(`${shard.namespace}${suffix}`));
  for (const { redis, keys } of next.shards.slice(1)) await redis.del(keys.reshard);
  const { redis, keys } = next;
  await redis.set(keys.shards, to);
  await redis.set(keys.format, FORMAT);
  await redis.del(keys.reshard);
}
