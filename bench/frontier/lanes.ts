// The lanes of a crawl of the list, by their Redis keys: counts the requests in them, and deletes them.
import { keysOf } from '../../src/keys.ts';
import type { Redis } from '../../src/redis.ts';
import { hostsOf } from './list.ts';

const KEYS_A_CALL = 1000;

export interface Lanes {
  namespace: string;
  crawl: string;
  hosts: number;
}

/** The number of requests in the lanes, counted there. */
export async function lengthOfLanes(redis: Redis, lanes: Lanes): Promise<number> {
  let length = 0;
  for (const keys of pagesOf(lanes)) {
    const lengths = await Promise.all(keys.map((key) => redis.llen(key)));
    length += lengths.reduce((sum, one) => sum + one, 0);
  }
  return length;
}

/**
 * Deletes the lanes. This is cheaper than to dispatch and commit each request, and leaves the same: the seen
 * set does not depend on the lanes.
 */
export async function dropLanes(redis: Redis, lanes: Lanes): Promise<void> {
  for (const keys of pagesOf(lanes)) await redis.del(...keys);
  await redis.del(keysOf(lanes.namespace).dueLanes(lanes.crawl));
}

function* pagesOf({ namespace, crawl, hosts }: Lanes): Generator<string[]> {
  const { lane } = keysOf(namespace);
  const keys = hostsOf(hosts).map((host) => lane(crawl, 0, host));
  for (let at = 0; at < keys.length; at += KEYS_A_CALL) yield keys.slice(at, at + KEYS_A_CALL);
}
