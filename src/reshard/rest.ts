// Whether a namespace is at rest: nobody is there who would read or write it while its keys move.
import { setTimeout as sleep } from 'node:timers/promises';
import { runsAtWork } from '../dead/replay-runs.ts';
import { DroverError } from '../errors.ts';
import { readMembers } from '../fleet/members.ts';
import { type Fleet, redisTimeMs } from '../fleet.ts';

/** Throws E_NOT_AT_REST with what is at work. `crawls`: all of the namespace. */
export async function checkAtRest(home: Fleet, crawls: readonly string[]): Promise<void> {
  const members = await readMembers(home);
  const alive = members.filter(({ state }) => state === 'running' || state === 'stopping');
  const isLeased = alive.length === 0 && !(await areLeasesOver(home));
  let runs = 0;
  for (const shard of home.shards) runs += (await runsAtWork(shard)).length;
  const now = await redisTimeMs(home);
  let producers = 0;
  for (const crawl of crawls) producers += await home.redis.zcount(home.keys.producers(crawl), now, '+inf');
  const found = [
    alive.length > 0 ? `${alive.length} consumers or servers are there` : '',
    isLeased ? 'a consumer is there' : '',
    producers > 0 ? 'a producer offers requests' : '',
    runs > 0 ? `${runs} replays are at work: drover dead stop ends one` : '',
  ].filter(Boolean);
  if (found.length > 0) throw new DroverError('E_NOT_AT_REST', `${home.namespace}: ${found.join('; ')}.`);
}

/** The lease of a consumer that was killed ends within this time. */
const LEASES_MS = 4000;

async function areLeasesOver({ shards }: Fleet): Promise<boolean> {
  const until = performance.now() + LEASES_MS;
  for (const shard of shards)
    while ((await shard.redis.zcount(shard.keys.consumers, `(${await redisTimeMs(shard)}`, '+inf')) > 0) {
      if (performance.now() > until) return false;
      await sleep(100);
    }
  return true;
}

/** Throws E_SETTING: the ceiling of a server is over hosts of several shards. */
export async function checkPerServer({ redis, keys }: Fleet, crawls: readonly string[]): Promise<void> {
  for (const crawl of crawls) {
    const [state, perServer] = await redis.hmget(keys.crawl(crawl), 'state', 'perServer');
    if (!perServer || (state !== 'running' && state !== 'paused')) continue;
    const detail = `Crawl ${crawl} has --per-server, which a fleet with more than one shard does not keep.`;
    throw new DroverError('E_SETTING', `${detail} Let it end, or cancel it.`);
  }
}
