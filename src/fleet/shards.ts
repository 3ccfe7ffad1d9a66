// How many shards a fleet has, and the connections to them. The number is kept at home from the first opening
// on, because it decides where each limiter key is.
import { DroverError } from '../errors.ts';
import { type Fleet, fixShards, fleetOf, homeOf } from '../fleet.ts';
import { namespaceOfShard } from '../keys.ts';
import { connectRedis, type Redis, type RedisAddress, type Role, throughOf } from '../redis.ts';

/**
 * The number of shards of the namespace. A new one gets the number that is wanted. Throws E_SHARDS when it
 * has another one.
 */
export async function keepShards(redis: Redis, namespace: string, wanted: number | null): Promise<number> {
  const home = fleetOf(redis, namespace);
  const kept = Number((await redis.get(home.keys.shards)) ?? 0);
  if (kept === 0 && wanted === null) return 1;
  // A namespace with crawls, of which nothing is kept, has one.
  const isNew = kept === 0 && (await redis.exists(home.keys.crawls)) === 0;
  const shards = isNew ? await fixShards(home, wanted ?? 1) : kept || 1;
  if (wanted === null || wanted === shards) return shards;
  throw new DroverError('E_SHARDS', `${namespace} has ${shards}, and ${wanted} were asked for.`);
}

/**
 * The home of a fleet, by its connection. In a Cluster, each shard is on the node that has its slot, and
 * has a connection of its own; elsewhere all share the one to home.
 */
export function connectShards(redis: Redis, { address, role }: { address: RedisAddress; role: Role }): Fleet {
  const { namespace = '', shards = 1 } = address;
  const isOneServer = throughOf(redis)?.kind !== 'cluster';
  const connections = Array.from({ length: shards }, (_, shard) =>
    shard === 0 || isOneServer ? redis : connectRedis(addressOfShard(address, shard), role),
  );
  return homeOf(connections, namespace);
}

/** The address at which a shard is found. */
export function addressOfShard(address: RedisAddress, shard: number): RedisAddress {
  return { ...address, namespace: namespaceOfShard(address.namespace ?? '', shard) };
}
