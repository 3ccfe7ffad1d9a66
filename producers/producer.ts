// The producer for a user's program: a few lines that enqueue durably, wherever the URLs come from.
import { randomUUID } from 'node:crypto';
import { crawlSettings, type NameOf, namesOf } from '../src/config/settings.ts';
import { beginCrawl, checkCrawlName, leaveCrawl, readCounts, stayWithCrawl } from '../src/crawl/crawl.ts';
import { checkLogin } from '../src/crawl/logged-out.ts';
import type { CrawlCounts } from '../src/crawl/progress.ts';
import { createScope } from '../src/crawl/scope.ts';
import { DroverError, type ErrorCode, type Failure } from '../src/errors.ts';
import { type FleetOptions, type GivenSettings, joinFleet, type Membership } from '../src/fleet/join.ts';
import { type OfferedLine, offerSeeds } from '../src/seeds/offer.ts';
import { checkSitemaps, withSitemaps } from '../src/seeds/sitemaps.ts';
import { urlRulesOf } from '../src/url/normalize.ts';
import { checkWebhook } from '../src/webhooks/check.ts';
import {
  type GivenRequest,
  type GivenRequests,
  isOne,
  lineOf,
  linesOf,
  SourceError,
} from './seeds/given-requests.ts';

/**
 * The crawl's name or id, its settings by their names in docs/settings.md, and the fleet: `redisUrl` or
 * `dataDir`, and `namespace`.
 */
export type ProducerOptions = { crawl: string } & FleetOptions & GivenSettings<NameOf<'crawl'>>;

export interface Rejection {
  /** Its index among the given requests, counted from 0. */
  index: number;
  /** The URL, at most 200 characters; empty when there was none. */
  url: string;
  code: ErrorCode;
  /** A sentence that names the field at fault. */
  message: string;
}

/** The result of add(). With the setting `sitemap`, sitemaps that it adds are counted too. */
export interface Added {
  accepted: number;
  /** Requests that the crawl had accepted before. */
  duplicates: number;
  /** Requests that were not accepted because of the settings `limit` and `maxPerHost`. */
  overLimit: number;
  /** URLs without a scheme, for which https was assumed, or http for an address and localhost. */
  assumed: number;
  rejectedCount: number;
  /** The first 1,000 rejected requests. */
  rejected: Rejection[];
}

export interface Producer extends AsyncDisposable {
  /** Id of the crawl. */
  readonly crawl: string;
  /** False when an unfinished crawl of that name goes on. */
  readonly isNew: boolean;
  /**
   * Adds a URL, a request, or any number of them; resolves when all of them are durable. It reads them only
   * as fast as they are accepted, and waits while the frontier is full. Adding a request again changes
   * nothing. A single request that is invalid makes it reject with the field's name; among several, the valid
   * ones are accepted. Rejects with E_REDIS_DOWN within about 5 s when Redis is away, with E_CRAWL_ENDED when
   * the crawl was cancelled, and with the reason of `signal` when that is aborted. Requests accepted before
   * stay accepted.
   */
  add(requests: GivenRequest | GivenRequests, options?: { signal?: AbortSignal }): Promise<Added>;
  counts(): Promise<CrawlCounts>;
  /**
   * Waits for calls of add() and leaves the crawl, which may end from then on. Until then the crawl stays
   * open while this process lives. A program that does not call close() can end all the same; the crawl goes
   * on without it after 5 s.
   */
  close(): Promise<void>;
}

const HEARTBEAT_MS = 1000;
const MOST_REJECTED = 1000;
const MOST_SHOWN = 200;

/** What `createProducer` of the package does. */
export async function produceInProgram(options: ProducerOptions): Promise<Producer> {
  const { crawl: name, ...given } = options;
  checkCrawlName(String(name));
  const membership = await joinFleet(given, namesOf('crawl', 'place'));
  try {
    return await produce(membership, String(name));
  } catch (error) {
    await membership.leave();
    throw error;
  }
}

async function produce(membership: Membership, name: string): Promise<Producer> {
  const { fleet, settings } = membership;
  checkWebhook(settings);
  const rules = urlRulesOf(settings);
  createScope(settings);
  checkLogin(settings); // throws for a malformed pattern, before anything has begun
  checkSitemaps(settings.sitemap, ['of the program'], rules);
  const producer = randomUUID();
  const wanted = {
    name,
    producer,
    settings: crawlSettings(settings),
    seeds: 'from a program',
    store: settings.store,
  };
  const { id: crawl, fresh: isNew } = await membership.at(() => beginCrawl(fleet, wanted));
  const heartbeat = setInterval(
    () => void stayWithCrawl(fleet, crawl, producer).catch(() => undefined), // the next one tries again
    HEARTBEAT_MS,
  ).unref();
  const pending = new Set<Promise<Added>>();
  const origins = new Set<string>();
  let sitemaps = settings.sitemap;
  let closing: Promise<void> | null = null;

  async function offerLines(lines: AsyncIterable<OfferedLine>, signal?: AbortSignal): Promise<Added> {
    const rejected: Rejection[] = [];
    const all = withSitemaps(
      lines,
      { sitemap: sitemaps, ignoreRobots: settings.ignoreRobots },
      rules,
      origins,
    );
    sitemaps = sitemaps.filter((sitemap) => sitemap.toLowerCase() === 'auto'); // named sitemaps are offered once
    const totals = await membership.at(() =>
      offerSeeds({
        ...{ fleet, crawl, producer, lines: all, maxFrontier: settings.maxFrontier },
        keepSeeds: settings.keepSeeds > 0,
        onBadLine: (line) => void (rejected.length < MOST_REJECTED && rejected.push(rejectionOf(line))),
        stopped: () => signal?.aborted ?? false,
      }),
    );
    signal?.throwIfAborted();
    return { ...totals, rejected, rejectedCount: totals.rejected };
  }

  async function leave(): Promise<void> {
    await Promise.allSettled(pending);
    clearInterval(heartbeat);
    try {
      await membership.at(() => leaveCrawl(fleet, crawl, producer));
    } finally {
      await membership.leave();
    }
  }

  const self: Producer = {
    crawl,
    isNew,
    async add(requests, { signal } = {}) {
      if (closing) throw new DroverError('E_CLOSED');
      signal?.throwIfAborted();
      const adding = offerLines(
        isOne(requests) ? only(requests, rules) : linesOf(requests, rules, signal),
        signal,
      );
      pending.add(adding);
      try {
        return await adding;
      } catch (error) {
        throw error instanceof SourceError ? error.cause : error;
      } finally {
        pending.delete(adding);
      }
    },
    counts() {
      return closing
        ? Promise.reject(new DroverError('E_CLOSED'))
        : membership.at(() => readCounts(fleet, crawl));
    },
    close() {
      closing ??= leave();
      return closing;
    },
    [Symbol.asyncDispose]: () => self.close(),
  };
  return self;
}

/** A single request. If it is invalid, its error is thrown. */
async function* only(given: GivenRequest, rules: Parameters<typeof lineOf>[2]): AsyncGenerator<OfferedLine> {
  const line = lineOf(given, 0, rules);
  if ('failure' in line) throw new SourceError(errorOf(line.failure));
  yield line;
}

function errorOf({ code, detail }: Failure): DroverError {
  return new DroverError(code, detail);
}

function rejectionOf({ line, failure, text }: Extract<OfferedLine, { failure: Failure }>): Rejection {
  return { index: line - 1, url: text.slice(0, MOST_SHOWN), code: failure.code, message: failure.message };
}
