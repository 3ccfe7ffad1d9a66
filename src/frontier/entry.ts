// Packs one request as a batch or a lane holds it.
import { idOfRequest, packRequest, type Request } from '../request.ts';
import { signedDecimal } from '../url/fingerprint.ts';
import { limiterKeyOf } from '../url/host.ts';

const GS = '\x1d';
const RS = '\x1e';
/** What packRequest puts before the URL of a seed that has no other fields. */
const PLAIN_SEED = '\x1f0\x1f\x1f\x1f\x1f';

/** The limiter key against whose limits the request counts: the one that it names, or else its host. */
export function limiterKeyOfRequest(request: Pick<Request, 'url' | 'extras'>): string {
  return request.extras?.limiter?.key ?? limiterKeyOf(request.url);
}

/**
 * One entry of the list that src/frontier/lua/lane/add.lua reads. `ownKey` is the key that need not be
 * repeated (the host of the page). When a URL belongs to the host of its limiter key, `http://HOST` is
 * written as 0x01 and `https://HOST` as 0x02. A seed without other fields has nothing before its URL.
 */
export function packBatchEntry(request: Request, ownKey: string): string {
  const id = idOfRequest(request);
  const { key, priority, limits, entry } = placeOf(request);
  return `${signedDecimal(id)}${GS}${key === ownKey ? '' : key}${GS}${priority}${GS}${limits}${GS}${entry}${RS}`;
}

/** The lane of a request, and its entry there. lua/lane/add.lua and lua/replay.lua read these fields. */
export interface LanePlace {
  key: string;
  /** '' means 0. */
  priority: string;
  /** The limits that it names for its key, as `concurrency,max,durationMs,delayMs`; '' for none. */
  limits: string;
  entry: string;
}

/** Whether it is a URL and nothing else, as most seeds are. */
export function isBareSeed({ depth, referrer, extras, chain }: Request): boolean {
  return depth === 0 && referrer === null && extras === null && !chain;
}

export function placeOf(request: Request): LanePlace {
  const { url, extras } = request;
  const key = limiterKeyOfRequest(request);
  const own = withoutHost(url, key);
  if (own !== url && isBareSeed(request)) return { key, priority: '', limits: '', entry: own };
  const limiter = extras?.limiter;
  const limits =
    limiter && (limiter.concurrency || limiter.delayMs || (limiter.max && limiter.durationMs))
      ? `${limiter.concurrency ?? ''},${limiter.max ?? ''},${limiter.durationMs ?? ''},${limiter.delayMs ?? ''}`
      : '';
  const packed = packRequest(request);
  const fields = packed.slice(0, packed.length - url.length);
  return { key, priority: extras?.priority ? String(extras.priority) : '', limits, entry: `${fields}${own}` };
}

function withoutHost(url: string, key: string): string {
  if (url.startsWith(key, 7) && url[7 + key.length] === '/' && url.startsWith('http://'))
    return `\x01${url.slice(7 + key.length)}`;
  if (url.startsWith(key, 8) && url[8 + key.length] === '/' && url.startsWith('https://'))
    return `\x02${url.slice(8 + key.length)}`;
  return url;
}

/**
 * The packed request of a lane's entry: the inverse of what placeOf does. lua/lane/expand-entry.lua does the
 * same in Lua.
 */
export function expandEntry(entry: string, key: string): string {
  const mark = entry.search(/[\x01\x02]/);
  if (mark < 0) return entry;
  const scheme = entry[mark] === '\x01' ? 'http' : 'https';
  return `${mark === 0 ? PLAIN_SEED : entry.slice(0, mark)}${scheme}://${key}${entry.slice(mark + 1)}`;
}
