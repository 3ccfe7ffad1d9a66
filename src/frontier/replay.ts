// Opening dead requests again.
import type { Redis } from '../redis.ts';
import { unpackRequest } from '../request.ts';
import { runScript } from '../scripts.ts';
import { limiterKeyOfRequest } from './entry.ts';

export interface DeadRequest {
  crawl: string;
  id: string;
  packed: string;
}

/** Moves them from dead back to open, atomically with the counters; answers for each whether it was dead. At most some hundreds a call. */
export async function openAgain(
  redis: Redis,
  shard: string,
  requests: readonly DeadRequest[],
): Promise<boolean[]> {
  const args: string[] = [shard];
  for (const { crawl, id, packed } of requests)
    args.push(crawl, id, limiterKeyOfRequest(unpackRequest(packed)), packed);
  const replies = (await runScript(redis, 'frontier/lua/replay.lua', `${shard}:active`, args)) as number[];
  return replies.map((reply) => reply === 1);
}
