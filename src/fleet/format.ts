// Opening a fleet: what an older version of drover left in its namespace is brought up to date, what a newer
// one left is refused.
import { DroverError } from '../errors.ts';
import { connectionsOf, type Fleet, fleetOf } from '../fleet.ts';
import { checkRedis } from '../redis/check.ts';
import { redisFailure } from '../redis/failures.ts';
import { checkShardRights } from '../redis/rights.ts';
import { closeRedis, type Redis, type RedisAddress, type Role } from '../redis.ts';
import { defineScript } from '../scripts.ts';
import { connectShards, keepShards } from './shards.ts';

/**
 * The format of all that drover keeps in Redis. Who changes it so that another version would read it wrongly
 * adds one here, and what is to be done about the former to lua/upgrade.lua. 1 had no note of it.
 */
export const FORMAT = 2;

/**
 * The format of a namespace while a backup is restored into it: newer than that of any version, so that none
 * opens it.
 */
export const RESTORING = 1_000_000_000;

/** The same while it is spread over another number of shards. */
export const RESHARDING = 1_000_000_001;

const upgradeScript = defineScript({
  path: 'fleet/lua/upgrade.lua',
  key: (keys) => keys.format,
  args: () => [FORMAT],
  answer: Number,
});

/** Why this version must leave a namespace of that format alone; null if it need not. */
export function formatFailure(namespace: string, format: number): DroverError | null {
  if (format <= FORMAT) return null;
  if (format === RESTORING) return new DroverError('E_RESTORING', `${namespace}.`);
  if (format === RESHARDING) return new DroverError('E_RESHARDING', `${namespace}.`);
  const detail = `${namespace} has format ${format}, and this version knows ${FORMAT}.`;
  return new DroverError('E_REDIS_FORMAT', detail);
}

/** How a fleet is opened. */
export interface Opening {
  /** Of the connection. Its namespace is that of home. */
  address: RedisAddress;
  role: Role;
  /** The setting `shards`. */
  shards: number | null;
}

/**
 * The fleet of this namespace, once its Redis is connected and fit for use (checkRedis, whose errors it
 * throws). One MGET where all is well; else one atomic step, however many crawls there are. Consumers of the
 * former version notice the new format with their next heartbeat, and stop; until then they write under the
 * former names, so it is better to stop them before. Throws E_REDIS_FORMAT and E_SHARDS. All connections are
 * closed then.
 */
export async function openFleet(redis: Redis, { address, role, shards }: Opening): Promise<Fleet> {
  const namespace = address.namespace ?? '';
  await checkRedis(redis, namespace);
  try {
    const home = fleetOf(redis, namespace);
    const [noted, kept] = await redis.mget(home.keys.format, home.keys.shards);
    const format = Number(noted) >= FORMAT ? Number(noted) : await home.run(upgradeScript, null);
    const failure = formatFailure(namespace, format);
    if (failure !== null) throw failure;
    const count = await keepShards(home, Number(kept), shards);
    return await connectChecked(redis, { address: { ...address, shards: count }, role });
  } catch (error) {
    closeRedis(redis);
    throw redisFailure(error) ?? error;
  }
}

/**
 * The fleet of a connection to home that was checked, with as many shards as the address says; each
 * connection of its own is checked too. All are closed when one does not fit.
 */
export async function connectChecked(
  redis: Redis,
  place: { address: RedisAddress; role: Role },
): Promise<Fleet> {
  const fleet = connectShards(redis, place);
  try {
    for (const shard of fleet.shards.slice(1))
      if (shard.redis !== redis) await checkRedis(shard.redis, shard.namespace);
    const shared = fleet.shards.slice(1).filter((shard) => shard.redis === redis);
    if (shared.length > 0)
      await checkShardRights(
        redis,
        shared.map(({ namespace }) => namespace),
      );
  } catch (error) {
    closeFleet(fleet);
    throw error;
  }
  return fleet;
}

/** Closes all connections of the fleet. */
export function closeFleet(fleet: Fleet): void {
  for (const redis of connectionsOf(fleet)) closeRedis(redis);
}
