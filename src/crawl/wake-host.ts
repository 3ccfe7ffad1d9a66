// Brings postponed requests forward after the operator has changed their host's pause or limits.
import { type Fleet, shardOf } from '../fleet.ts';
import { limiterKeyOfRequest } from '../frontier/entry.ts';
import { openRequests } from '../frontier/open.ts';
import { jobIdOf } from '../keys.ts';
import { promote, type RequestQueue } from '../queue/queue.ts';
import { unpackRequest } from '../request.ts';
import { listOpenCrawls } from './crawl.ts';

/**
 * Moves the delayed jobs of this limiter key to the front of the queue, so that they are tried at once.
 * Returns how many. `queues`: those of all shards. It reads all open requests of the shard once, but not
 * the frontier.
 */
export async function wakeHost(fleet: Fleet, queues: readonly RequestQueue[], key: string): Promise<number> {
  const { shard } = shardOf(fleet, key);
  const queue = queues[shard] as RequestQueue;
  let woken = 0;
  for (const crawl of await listOpenCrawls(fleet)) {
    for await (const page of openRequests(shardOf(fleet, key), crawl)) {
      for (const { id, packed } of page) {
        if (limiterKeyOfRequest(unpackRequest(packed)) !== key) continue;
        if (await promote(queue, jobIdOf(crawl, id))) woken++;
      }
    }
  }
  return woken;
}
