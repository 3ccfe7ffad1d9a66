// The connections of one consumer to Redis: for scripts, for what is published, and for BullMQ's workers.
import { type Fleet, fleetOf } from '../src/fleet.ts';
import { namespaceOf } from '../src/keys.ts';
import { closeRedis, connectRedis, type Redis, type RedisAddress } from '../src/redis.ts';

export interface Connections {
  fleet: Fleet;
  subscriber: Redis;
  /** A new connection for one of BullMQ's workers, whose reads block. */
  openBlocking: () => Redis;
  close(): void;
}

/** Opens them. Redis need not answer yet: they connect by themselves as soon as it does. */
export function connectConsumer(address: RedisAddress, namespace: string): Connections {
  const fleet = fleetOf(connectRedis(address, 'script'), namespaceOf(namespace));
  const subscriber = connectRedis(address, 'script');
  const blocking = new Set<Redis>();
  const openBlocking = () => {
    const connection = connectRedis(address, 'worker');
    blocking.add(connection.on('end', () => blocking.delete(connection)));
    return connection;
  };
  const close = () => {
    for (const connection of [fleet.redis, subscriber, ...blocking]) closeRedis(connection);
  };
  return { fleet, subscriber, openBlocking, close };
}
