// Steps between two shards, each of which can be done again: what moves is at its target before it leaves its
// source. So whoever goes on after a crash does the whole step once more, and ends where one step would have.
import type { Fleet } from '../fleet.ts';
import { shardNumber } from '../fleet.ts';

/** From how many shards to how many. `all`: as many as either has; the first ones are those of both. */
export interface Resharding {
  from: number;
  to: number;
  /** The shards as they were: what shardOf and the outboxes go by before anything moves. */
  old: Fleet;
  /** The shards as they will be. */
  next: Fleet;
  all: readonly Fleet[];
  /** Counts requests that have moved. */
  onMoved: (requests: number) => void;
}

/** The shard that is to have a limiter key. */
export function targetOf({ next, to }: Resharding, key: string): Fleet {
  return next.shards[shardNumber(key, to)] as Fleet;
}

/** Where something of a shard goes that belongs to no limiter key: the shard keeps it while it is there. */
export function keeperOf({ next, to }: Resharding, { shard }: Fleet): Fleet {
  return next.shards[shard % to] as Fleet;
}

/** Whether it is the same shard, of those as they were and as they will be. */
export const isSame = (one: Fleet, other: Fleet) => one.shard === other.shard;

/** Shards that share a connection are on one server, and no Cluster: there Redis moves keys by itself. */
const areTogether = (one: Fleet, other: Fleet) => one.redis === other.redis;

const keyOf = (shard: Fleet, suffix: string) => `${shard.namespace}${suffix}`;

/**
 * Copies a key, with the time that it has left. `suffix`: the key without its namespace. False if there is
 * none.
 */
export async function copyKey(from: Fleet, to: Fleet, suffix: string): Promise<boolean> {
  const [source, target] = [keyOf(from, suffix), keyOf(to, suffix)];
  if (areTogether(from, to)) return (await from.redis.copy(source, target, 'REPLACE')) === 1;
  const [value, leftMs] = await Promise.all([from.redis.dumpBuffer(source), from.redis.pttl(source)]);
  if (value === null) return false;
  const keepMs = leftMs < 0 ? 0 : Math.max(1, leftMs); // 0 is for ever
  await to.redis.call('RESTORE', target, keepMs, value, 'REPLACE');
  return true;
}

/** Moves a key. What has moved before stays as it is. */
export async function moveKey(from: Fleet, to: Fleet, suffix: string): Promise<void> {
  if (areTogether(from, to)) {
    // Nobody else is there who could delete it in between.
    if ((await from.redis.exists(keyOf(from, suffix))) === 1)
      await from.redis.rename(keyOf(from, suffix), keyOf(to, suffix));
  } else if (await copyKey(from, to, suffix)) await from.redis.unlink(keyOf(from, suffix));
}

/** So many steps at a time. */
const AT_ONCE = 50;

/** Calls `step` for each, some at a time. */
export async function forEach<T>(items: readonly T[], step: (item: T) => Promise<unknown>): Promise<void> {
  for (let at = 0; at < items.length; at += AT_ONCE)
    await Promise.all(items.slice(at, at + AT_ONCE).map(step));
}

/** The fields of a hash with their values. Those that stay while it is read all come; it may be changed. */
export async function* fieldsOf(
  { redis }: Fleet,
  key: string,
): AsyncGenerator<[field: string, value: string][]> {
  let cursor = '0';
  do {
    const [next, fields] = await redis.hscan(key, cursor, 'COUNT', 500);
    cursor = next;
    yield pairs(fields);
  } while (cursor !== '0');
}

/** The same of a sorted set: members with their scores. */
export async function* scoresOf(
  { redis }: Fleet,
  key: string,
): AsyncGenerator<[member: string, score: string][]> {
  let cursor = '0';
  do {
    const [next, members] = await redis.zscan(key, cursor, 'COUNT', 500);
    cursor = next;
    yield pairs(members);
  } while (cursor !== '0');
}

const pairs = (flat: readonly string[]) =>
  Array.from({ length: flat.length / 2 }, (_, at): [string, string] => [
    flat[2 * at] as string,
    flat[2 * at + 1] as string,
  ]);

/** The keys of a shard that begin so after its namespace, without the namespace. */
export async function* suffixesOf({ redis, namespace }: Fleet, beginning: string): AsyncGenerator<string[]> {
  let cursor = '0';
  do {
    const [next, keys] = await redis.scan(cursor, 'MATCH', `${namespace}${beginning}*`, 'COUNT', 1000);
    cursor = next;
    if (keys.length > 0) yield keys.map((key) => key.slice(namespace.length));
  } while (cursor !== '0');
}
