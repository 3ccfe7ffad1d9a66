// Finds crawls by id. A path of the API names one crawl exactly; a command that is given a name means the
// newest crawl of that name.

import type { Fleet } from '../fleet.ts';

/**
 * Returns the text that findCrawl resolves to exactly this crawl. The first crawl of a name has the name
 * itself as its id, and findCrawl takes that for the newest crawl of the name; `NAME.1` means the first.
 */
export async function nameForCommands(fleet: Fleet, id: string): Promise<string> {
  const newest = await fleet.redis.hget(fleet.keys.newestOfName, id);
  return newest !== null && newest !== id ? `${id}.1` : id;
}

/** Returns the id of the newest crawl of a name, or of the crawl with that id; null when there is none. */
export async function newestCrawl(fleet: Fleet, nameOrId: string): Promise<string | null> {
  const newest = await fleet.redis.hget(fleet.keys.newestOfName, nameOrId);
  if (newest !== null) return newest;
  return (await fleet.redis.zscore(fleet.keys.crawls, nameOrId)) === null ? null : nameOrId;
}
