// Requests that were put back until their host's pause or delay would be over: after the operator changed it, they are looked at at once.
import { limiterKeyOfRequest } from '../frontier/entry.ts';
import { crawlKey, jobIdOf } from '../frontier/keys.ts';
import type { RequestQueue } from '../queue/queue.ts';
import { promote } from '../queue/queue.ts';
import type { Redis } from '../redis.ts';
import { unpackRequest } from '../request.ts';
import { listOpenCrawls } from './crawl.ts';

/** Brings those of this limiter key that wait in the queue back to its front; answers how many. One pass over the window, never over the frontier. */
export async function wakeHost(
  redis: Redis,
  shard: string,
  queue: RequestQueue,
  key: string,
): Promise<number> {
  let woken = 0;
  for (const crawl of await listOpenCrawls(redis, shard)) {
    let cursor = '0';
    do {
      const [next, fields] = await redis.hscan(`${crawlKey(shard, crawl)}:open`, cursor, 'COUNT', 200);
      cursor = next;
      for (let at = 0; at + 1 < fields.length; at += 2) {
        const [id = '', open = ''] = [fields[at], fields[at + 1]];
        if (keyOf(open) === key && (await promote(queue, jobIdOf(crawl, id)))) woken++;
      }
    } while (cursor !== '0');
  }
  return woken;
}

/** Of `TAKE US PACKED`. */
function keyOf(open: string): string {
  return limiterKeyOfRequest(unpackRequest(open.slice(open.indexOf('\x1f') + 1)));
}
