// How many shards a fleet has, and the connections to them. The number is kept at home from the first opening
// on, because it decides where each limiter key is.
import { DroverError } from '../errors.ts';
import { type Fleet, fixShards, homeOf } from '../fleet.ts';
import { namespaceOfShard } from '../keys.ts';
import { connectRedis, type Redis, type RedisAddress, type Role, throughOf } from '../redis.ts';

/**
 * The number of shards of the namespace: that which is kept, 0 for none. A new one gets the number that is
 * wanted. Throws E_SHARDS when it has another one.
 */
export async function keepShards(home: Fleet, kept: number, wanted: number | null): Promise<number> {
  if (wanted === null) return kept || 1;
  // A namespace with crawls, of which nothing is kept, has one.
  const isNew = kept === 0 && (await home.redis.exists(home.keys.crawls)) === 0;
  const shards = isNew ? await fixShards(home, wanted) : kept || 1;
  if (wanted === shards) return shards;
  throw new DroverError('E_SHARDS', `${home.namespace} has ${shards}, and ${wanted} were asked for.`);
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
