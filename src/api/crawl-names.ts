// Ids of crawls, as paths of the API name them: exactly, where a command means the newest of that name.

import { findCrawl } from '../crawl/crawl.ts';
import type { Fleet } from '../fleet.ts';

/** The crawl of exactly this id. Throws E_CRAWL_UNKNOWN. */
export async function exactCrawl(fleet: Fleet, id: string): Promise<string> {
  if ((await fleet.redis.zscore(fleet.keys.crawls, id)) !== null) return id;
  return findCrawl(fleet, id);
}

/** What findCrawl understands as this very crawl: the first of a name shares its id with the name, which means the newest. */
export async function nameForCommands(fleet: Fleet, id: string): Promise<string> {
  const newest = await fleet.redis.hget(fleet.keys.newestOfName, id);
  return newest !== null && newest !== id ? `${id}.1` : id;
}

/** The newest crawl of a name, or of an id; null when there is none. */
export async function newestCrawl(fleet: Fleet, nameOrId: string): Promise<string | null> {
  const newest = await fleet.redis.hget(fleet.keys.newestOfName, nameOrId);
  if (newest !== null) return newest;
  return (await fleet.redis.zscore(fleet.keys.crawls, nameOrId)) === null ? null : nameOrId;
}
