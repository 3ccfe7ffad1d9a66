// A request that names a limiter key of its own is on the shard of that key. Whether its URL is known is
// asked there, and nobody there knows what was found on the shard of its host. So that no two shards have
// requests with one id, the key belongs to the id: it is another request than that of its URL alone.
import type { Fleet } from '../fleet.ts';
import type { Request } from '../request.ts';
import { limiterKeyOf } from '../url/host.ts';

/** The request as it is offered. With one shard, and for most requests, it stays as it is. */
export function withKeyInId(fleet: Pick<Fleet, 'shards'>, request: Request): Request {
  const key = request.extras?.limiter?.key;
  if (key === undefined || fleet.shards.length === 1 || key === limiterKeyOf(request.url)) return request;
  return { ...request, extras: { ...request.extras, keyed: true } as Request['extras'] };
}
