// Requests that were put back until their host's pause or delay would be over: after the operator changed it, they are looked at at once.
import type { Fleet } from '../fleet.ts';
import { limiterKeyOfRequest } from '../frontier/entry.ts';
import { openRequests } from '../frontier/open.ts';
import { jobIdOf } from '../keys.ts';
import { promote, type RequestQueue } from '../queue/queue.ts';
import { unpackRequest } from '../request.ts';
import { listOpenCrawls } from './crawl.ts';

/** Brings those of this limiter key that wait in the queue back to its front; answers how many. One pass over the window, never over the frontier. */
export async function wakeHost(fleet: Fleet, queue: RequestQueue, key: string): Promise<number> {
  let woken = 0;
  for (const crawl of await listOpenCrawls(fleet)) {
    for await (const page of openRequests(fleet, crawl)) {
      for (const { id, packed } of page) {
        if (limiterKeyOfRequest(unpackRequest(packed)) !== key) continue;
        if (await promote(queue, jobIdOf(crawl, id))) woken++;
      }
    }
  }
  return woken;
}
