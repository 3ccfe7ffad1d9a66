// The connections of one consumer to Redis: for scripts, for what is published, and for BullMQ's workers.
import { closeFleet } from '../src/fleet/format.ts';
import { addressOfShard, connectShards } from '../src/fleet/shards.ts';
import type { Fleet } from '../src/fleet.ts';
import { closeRedis, connectRedis, type Redis, type RedisAddress } from '../src/redis.ts';

export interface Connections {
  /** Home. */
  fleet: Fleet;
  /** Hears what is published for all shards: a Cluster sends it to all its nodes. */
  subscriber: Redis;
  /** A new connection for one of BullMQ's workers at this shard, whose reads block. */
  openBlocking: (shard?: number) => Redis;
  close(): void;
}

/** Opens them. Redis need not answer yet: they connect by themselves as soon as it does. */
export function connectConsumer(address: RedisAddress): Connections {
  const fleet = connectShards(connectRedis(address, 'script'), { address, role: 'script' });
  const subscriber = connectRedis(address, 'script').setMaxListeners(0);
  const blocking = new Set<Redis>();
  const openBlocking = (shard = 0) => {
    const connection = connectRedis(addressOfShard(address, shard), 'worker');
    blocking.add(connection.on('end', () => blocking.delete(connection)));
    return connection;
  };
  const close = () => {
    closeFleet(fleet);
    for (const connection of [subscriber, ...blocking]) closeRedis(connection);
  };
  return { fleet, subscriber, openBlocking, close };
}
