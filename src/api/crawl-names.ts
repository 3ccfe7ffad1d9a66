// Ids of crawls, as paths of the API name them: exactly, where a command means the newest of that name.
import { findCrawl } from '../crawl/crawl.ts';
import type { Redis } from '../redis.ts';

/** The crawl of exactly this id. Throws E_CRAWL_UNKNOWN. */
export async function exactCrawl(redis: Redis, namespace: string, id: string): Promise<string> {
  if ((await redis.zscore(`${namespace}:crawls`, id)) !== null) return id;
  return findCrawl(redis, namespace, id);
}

/** What findCrawl understands as this very crawl: the first of a name shares its id with the name, which means the newest. */
export async function nameForCommands(redis: Redis, namespace: string, id: string): Promise<string> {
  const newest = await redis.hget(`${namespace}:names`, id);
  return newest !== null && newest !== id ? `${id}.1` : id;
}

/** The newest crawl of a name, or of an id; null when there is none. */
export async function newestCrawl(redis: Redis, namespace: string, nameOrId: string): Promise<string | null> {
  const newest = await redis.hget(`${namespace}:names`, nameOrId);
  if (newest !== null) return newest;
  return (await redis.zscore(`${namespace}:crawls`, nameOrId)) === null ? null : nameOrId;
}
