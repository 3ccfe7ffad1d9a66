// One request as it stands in a batch on its way into the frontier.
import { packRequest, type Request } from '../request.ts';
import { fingerprint, signedDecimal } from '../url/fingerprint.ts';
import { limiterKeyOf } from '../url/host.ts';

const GS = '\x1d';
const RS = '\x1e';
/** All that packRequest puts before the URL of a seed without anything else. */
const PLAIN_SEED = '\x1f0\x1f\x1f\x1f\x1f';

/** Whose limits the request counts against: what it names itself, else its host. */
export function limiterKeyOfRequest(request: Pick<Request, 'url' | 'extras'>): string {
  return request.extras?.limiter?.key ?? limiterKeyOf(request.url);
}

/**
 * One entry of the list that src/frontier/lua/lane/add.lua reads. `ownKey` is the key that need not be repeated (the page's own host).
 * A URL of its limiter key's host is kept without `http://HOST` (0x01) or `https://HOST` (0x02); of a seed without anything else, nothing stands before it.
 */
export function entryOf(request: Request, ownKey: string): string {
  const { url, extras } = request;
  const id = fingerprint(extras ? { url, method: extras.method, body: extras.body } : { url });
  const { key, priority, limits, entry } = placeOf(request);
  return `${signedDecimal(id)}${GS}${key === ownKey ? '' : key}${GS}${priority}${GS}${limits}${GS}${entry}${RS}`;
}

/** Where a request stands in the frontier, and as what: lua/lane/add.lua and lua/replay.lua read these. */
export interface LanePlace {
  key: string;
  /** '' for 0. */
  priority: string;
  /** Those that it names for its key, `concurrency,max,durationMs,delayMs`; '' for none. */
  limits: string;
  entry: string;
}

export function placeOf(request: Request): LanePlace {
  const { url, extras } = request;
  const key = limiterKeyOfRequest(request);
  const limiter = extras?.limiter;
  const limits =
    limiter && (limiter.concurrency || limiter.delayMs || (limiter.max && limiter.durationMs))
      ? `${limiter.concurrency ?? ''},${limiter.max ?? ''},${limiter.durationMs ?? ''},${limiter.delayMs ?? ''}`
      : '';
  const packed = packRequest(request);
  const fields = packed.slice(0, packed.length - url.length);
  const own = withoutHost(url, key);
  // Most seeds say nothing but their URL.
  const head = fields === PLAIN_SEED && own !== url ? '' : fields;
  return { key, priority: extras?.priority ? String(extras.priority) : '', limits, entry: `${head}${own}` };
}

function withoutHost(url: string, key: string): string {
  if (url.startsWith(key, 7) && url[7 + key.length] === '/' && url.startsWith('http://'))
    return `\x01${url.slice(7 + key.length)}`;
  if (url.startsWith(key, 8) && url[8 + key.length] === '/' && url.startsWith('https://'))
    return `\x02${url.slice(8 + key.length)}`;
  return url;
}

/** The packed request of a lane's entry; the inverse of what placeOf does to it. Written in lua/lane/expand-entry.lua too. */
export function expandEntry(entry: string, key: string): string {
  const mark = entry.search(/[\x01\x02]/);
  if (mark < 0) return entry;
  const scheme = entry[mark] === '\x01' ? 'http' : 'https';
  return `${mark === 0 ? PLAIN_SEED : entry.slice(0, mark)}${scheme}://${key}${entry.slice(mark + 1)}`;
}
