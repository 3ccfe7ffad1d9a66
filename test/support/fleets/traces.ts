// What a crawl leaves in Redis.
import type { Fleet } from '../../../src/fleet.ts';

/** All that Redis still says of a crawl, on all shards: its keys, its members elsewhere, its jobs. */
export async function tracesOf(fleet: Fleet, name: string): Promise<string[]> {
  const { redis, keys } = fleet;
  const found: string[] = [];
  for (const shard of fleet.shards) found.push(...(await tracesOn(shard, name)));
  if (await redis.hexists(keys.newestOfName, name)) found.push('names');
  if (await redis.hexists(keys.countOfName, name)) found.push('serials');
  return found;
}

async function tracesOn({ redis, namespace, keys }: Fleet, name: string): Promise<string[]> {
  const found = (await redis.keys(`${namespace}:*`)).filter((key) =>
    [`${keys.crawl(name)}`, keys.job(name)].some(
      (start) => key === start || key.startsWith(`${start}:`) || key.startsWith(`${start}.`),
    ),
  );
  for (const key of [keys.crawls, keys.activeCrawls, keys.forgetting])
    if (await redis.zscore(key, name)) found.push(key);
  for (const group of await redis.keys(`${namespace}:dead:g:*`)) {
    const letters = await redis.zrange(group, '0', '-1');
    if (letters.some((letter) => letter.startsWith(`${name}.`))) found.push(group);
  }
  return found;
}
