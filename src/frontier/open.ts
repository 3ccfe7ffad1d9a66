// The open requests of a crawl: they have left their lanes and not ended. There are never more than the
// window.
import type { Fleet } from '../fleet.ts';

export interface OpenRequest {
  id: string;
  packed: string;
}

const PAGE = 200;

/** Reads page by page. A request that opens or ends meanwhile may be missing, and one may come twice. */
export async function* openRequests(fleet: Fleet, crawl: string): AsyncGenerator<OpenRequest[]> {
  let cursor = '0';
  do {
    const [next, fields] = await fleet.redis.hscan(fleet.keys.open(crawl), cursor, 'COUNT', PAGE);
    cursor = next;
    const page: OpenRequest[] = [];
    for (let at = 0; at + 1 < fields.length; at += 2) {
      const [id = '', value = ''] = [fields[at], fields[at + 1]]; // The value is CLAIM US PACKED.
      page.push({ id, packed: value.slice(value.indexOf('\x1f') + 1) });
    }
    yield page;
  } while (cursor !== '0');
}
