// What of one job goes into the archive of its crawl (--warc): every exchange of its fetches, robots.txt and
// redirects included.
import { isS3 } from '../../src/config/s3-address.ts';
import { defaultSettings } from '../../src/config/settings.ts';
import { noteWarc } from '../../src/crawl/kept-warcs.ts';
import type { LoadedCrawl } from '../../src/crawl/loaded-crawl.ts';
import type { FetchRequest } from '../../src/fetch/client.ts';
import type { Exchange } from '../../src/fetch/exchange.ts';
import type { Fleet } from '../../src/fleet.ts';
import type { Request } from '../../src/request.ts';
import type { FormerAnswer } from '../../src/warc/exchange-records.ts';
import type { WarcOptions } from '../../src/warc/writer.ts';
import type { WarcWriters } from '../../src/warc/writers.ts';

/** What a fetch is for: the request itself, its robots.txt, or something that its handler wanted. */
export type FetchPurpose = 'request' | 'robots' | 'handler';

/** A letter for each step from a seed, as Heritrix writes them. */
const steps = { link: 'L', requisite: 'E', redirect: 'R', robots: 'P', handler: 'X' } as const;

/**
 * The content codings that are asked for. ReplayWeb.page shows zstd as it is, undecoded; what a server sends
 * in it unasked is archived all the same.
 */
const REPLAYABLE = 'gzip, br, deflate';

type WatchedPart = Pick<FetchRequest, 'headers'> & Partial<Pick<FetchRequest, 'from'>>;
type Watch = Required<Pick<FetchRequest, 'onExchange'>>;

export class PageArchive {
  /**
   * The archived answer of a former run that the request asks about (If-None-Match, If-Modified-Since). When
   * a 304 comes, the revisit record names it.
   */
  former: FormerAnswer | null = null;
  readonly #writers: WarcWriters;
  readonly #options: WarcOptions;
  readonly #request: Request;
  #writes: Promise<void>[] = [];

  constructor(writers: WarcWriters, options: WarcOptions, request: Request) {
    this.#writers = writers;
    this.#options = options;
    this.#request = request;
  }

  /** Whether it is kept over a network. */
  get isFar(): boolean {
    return isS3(this.#options.place);
  }

  /** The fetch, with all that goes over the wire written to the archive. */
  watched<Asked extends WatchedPart>(fetch: Asked, purpose: FetchPurpose): Asked & Watch {
    const own = this.#request;
    const former = purpose === 'request' ? this.former : null;
    let via = purpose === 'request' ? own.referrer : own.url;
    let path = pathOf(own, purpose) + steps.redirect.repeat(fetch.from?.redirects ?? 0);
    const onExchange = (exchange: Exchange) => {
      this.#write(exchange, via, path, former);
      if (exchange.status < 300 || exchange.status > 399) return;
      via = exchange.url;
      path += steps.redirect;
    };
    return { ...fetch, headers: { 'accept-encoding': REPLAYABLE, ...fetch.headers }, onExchange };
  }

  /** Resolves when all is durable. Rejects with an error of layer disk or store if something is not. */
  async written(): Promise<void> {
    const writes = this.#writes;
    this.#writes = [];
    await Promise.all(writes);
  }

  #write(exchange: Exchange, via: string | null, path: string, former: FormerAnswer | null): void {
    const write = this.#writers.write(this.#options, exchange, { via, path, former });
    write.catch(() => undefined); // written() tells it
    this.#writes.push(write);
  }
}

/** The archive of a request's exchanges; null if its crawl has none. */
export function pageArchiveOf(
  { archives, home: fleet }: { archives: WarcWriters; home: Fleet },
  loadedCrawl: LoadedCrawl,
  request: Request,
): PageArchive | null {
  const { warc, warcSize, ignoreRobots } = loadedCrawl.settings;
  if (warc === null) return null;
  const { crawl, recordsFolder, userAgent } = loadedCrawl;
  const options = {
    ...{ crawl, recordsFolder, userAgent, ignoreRobots },
    software: defaultSettings.userAgent,
    place: warc,
    maxFileBytes: warcSize,
    announce: (name: string) => noteWarc(fleet, crawl, name, warc),
  };
  return new PageArchive(archives, options, request);
}

function pathOf({ depth, extras }: Request, purpose: FetchPurpose): string {
  const own = steps.link.repeat(Math.min(depth, 1000)) + steps.requisite.repeat(extras?.requisite ?? 0);
  return purpose === 'request' ? own : own + steps[purpose];
}
