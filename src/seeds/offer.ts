// Offers seeds to a crawl in batches. Each batch is durable before the next one is read.

import { setTimeout as sleep } from 'node:timers/promises';
import { stayWithCrawl } from '../crawl/crawl.ts';
import { catalogue, type DroverError, type Failure } from '../errors.ts';
import type { Fleet } from '../fleet.ts';
import { BATCH, type Offered, seedOffer } from '../frontier/offer.ts';
import { redisFailure } from '../redis/failures.ts';
import type { Request, RequestExtras, RequestInput } from '../request.ts';
import { hostnameOf, hostPortOf, mayBePrivate } from '../url/host.ts';
import type { AssumedScheme } from './bare-url.ts';

/** Longest wait for a full batch, so that a slow list (`tail -f`) is offered too. */
const SLOWEST_MS = 200;
/** A full frontier is tried again after this time, then after longer and longer times. */
const SHORTEST_HELD_MS = 20;
const LONGEST_HELD_MS = 250;
/** Share of --max-frontier that one batch may go beyond it. */
const BATCH_SHARE = 0.1;
/** A batch with this many characters of bodies is sent at once, because bodies may be large. */
const MOST_BODIES = 4_000_000;

/** A line of a seed list: a request with a normalised URL, or what is wrong with the line. */
export type OfferedLine =
  | {
      source: string;
      line: number;
      input: RequestInput;
      assumed?: AssumedScheme;
      /** It follows from a setting, which a crawl that begins again has too: it is not kept as a seed. */
      isFromSetting?: true;
    }
  | { source: string; line: number; failure: Failure; text: string };

export interface OfferTotals {
  accepted: number;
  duplicates: number;
  rejected: number;
  /** Not accepted, because the crawl has reached its --limit. */
  overLimit: number;
  /** How many had no scheme, so that https was assumed, or http for an address and localhost. */
  assumed: number;
}

export interface SeedOffering {
  fleet: Fleet;
  crawl: string;
  producer: string;
  lines: AsyncIterable<OfferedLine>;
  /** The crawl's limit of waiting requests. Without it, batches have their full size. */
  maxFrontier?: number;
  /** Whether the seeds are kept, for --again. */
  keepSeeds: boolean;
  /**
   * Whether a private host in the lines becomes allowed (default true). It is right for an operator's own
   * list, and wrong for requests from the network.
   */
  mayNameHosts?: boolean;
  onBadLine: (line: Extract<OfferedLine, { failure: Failure }>) => void;
  /** Called for each URL that is offered. */
  onUrl?: (url: string) => void;
  /** Called for each URL without a scheme. */
  onAssumed?: (scheme: AssumedScheme, url: string) => void;
  /**
   * Called each time that the frontier is found full, with the number of waiting requests, or that Redis
   * refuses for now, with its error.
   */
  onHeld?: (why: number | DroverError) => void;
  /** Called each time that requests have been accepted. */
  onAccepted?: () => void;
  stopped: () => boolean;
}

/**
 * Offers all lines to a crawl that the producer has begun (beginCrawl), and renews the producer's lease
 * meanwhile. A bad line is reported, and the others are offered. Idempotent: a list that was interrupted can
 * be offered again from its start.
 */
export async function offerSeeds(offering: SeedOffering): Promise<OfferTotals> {
  const { fleet, crawl, producer, lines, stopped } = offering;
  const batches = createBatches(offering);
  const lease = setInterval(() => stayWithCrawl(fleet, crawl, producer).catch(() => undefined), 1000);
  let [rejected, assumed] = [0, 0];
  try {
    for await (const line of lines) {
      if ('failure' in line) {
        rejected++;
        offering.onBadLine(line);
        continue;
      }
      offering.onUrl?.(line.input.url);
      if (line.assumed) {
        assumed++;
        offering.onAssumed?.(line.assumed, line.input.url);
      }
      const sent = batches.add(requestOf(line), line.isFromSetting !== true);
      if (sent) await sent;
      if (stopped()) break;
    }
    await batches.send();
    return { ...batches.totals, rejected, assumed };
  } finally {
    batches.stop();
    clearInterval(lease);
  }
}

interface Batches {
  totals: Omit<OfferTotals, 'rejected' | 'assumed'>;
  /** Adds a request. Returns a promise to await before adding more, or null while there is room. */
  add(request: Request, isSeed: boolean): Promise<void> | null;
  /** Sends what is left. Resolves when all added requests are durable. */
  send(): Promise<void>;
  stop(): void;
}

/**
 * Batches are sent one after the other, in their order. The first one, and the first after a silence, is sent
 * at once.
 */
function createBatches(offering: SeedOffering): Batches {
  const { maxFrontier = Number.POSITIVE_INFINITY, keepSeeds, stopped } = offering;
  const totals = { accepted: 0, duplicates: 0, overLimit: 0 };
  const mostInBatch = Math.max(1, Math.min(BATCH, Math.floor(maxFrontier * BATCH_SHARE)));
  const allowed = new Set<string>();
  let batch: Request[] = [];
  /** Those of the batch that are kept. */
  let seeds: Request[] = [];
  let bodies = 0;
  let sentAt = Number.NEGATIVE_INFINITY;
  let timer: NodeJS.Timeout | undefined;
  let last: Promise<void> = Promise.resolve();

  function send(): Promise<void> {
    clearTimeout(timer);
    const [requests, kept] = [batch, seeds];
    [batch, seeds] = [[], []];
    bodies = 0;
    sentAt = performance.now();
    if (requests.length > 0) last = last.then(() => offerAll(requests, kept));
    return last;
  }

  async function offerAll(requests: Request[], kept: Request[]): Promise<void> {
    const offered = await offerPatiently(offering, requests, kept, allowed);
    totals.accepted += offered?.added ?? 0;
    if (offered && offered.added > 0) offering.onAccepted?.();
    totals.duplicates += offered?.duplicates ?? 0;
    totals.overLimit += offered?.overLimit ?? 0;
  }

  return {
    totals,
    send,
    add(request, isSeed) {
      batch.push(request);
      if (keepSeeds && isSeed) seeds.push(request);
      bodies += request.extras?.body?.length ?? 0;
      const isFull = batch.length >= mostInBatch || bodies >= MOST_BODIES;
      if (isFull || performance.now() - sentAt > SLOWEST_MS || stopped()) return send();
      // Requests of a list that has fallen silent are sent after SLOWEST_MS. An error of that is thrown with
      // the next batch.
      if (batch.length === 1) timer = setTimeout(() => send().catch(() => undefined), SLOWEST_MS);
      return null;
    },
    stop: () => clearTimeout(timer),
  };
}

/**
 * Offers a batch. Waits while the frontier is full or Redis refuses for now, such as when its memory is full;
 * returns null when stopped meanwhile.
 */
async function offerPatiently(
  { fleet, crawl, onHeld, stopped, mayNameHosts = true }: SeedOffering,
  requests: Request[],
  seeds: Request[],
  allowed: Set<string>,
): Promise<Offered | null> {
  const offer = seedOffer(fleet, crawl, requests, seeds);
  for (let waitMs = SHORTEST_HELD_MS; ; waitMs = Math.min(waitMs * 2, LONGEST_HELD_MS)) {
    try {
      if (mayNameHosts) await allowHosts(fleet, crawl, requests, allowed);
      const offered = await offer();
      if (!offered?.full) return offered;
      onHeld?.(offered.full.waiting);
    } catch (error) {
      const refusal = redisFailure(error);
      // A Redis that cannot be reached is left to the connection: it waits, or gives up, by its role.
      if (!refusal || refusal.code === 'E_REDIS_DOWN' || !catalogue[refusal.code].passes) throw error;
      onHeld?.(refusal);
    }
    if (stopped()) return null;
    await sleep(waitMs);
  }
}

function requestOf({ input, assumed }: Extract<OfferedLine, { input: RequestInput }>): Request {
  const { url, depth, ...given } = input;
  const rest: RequestExtras = assumed ? { ...given, assumed } : given;
  const extras = Object.keys(rest).length > 0 ? rest : null;
  return { url, depth: depth ?? 0, referrer: null, extras };
}

/** The operator named these hosts and ports in seeds, so the guard allows them although they are private. */
export async function allowHosts(
  fleet: Fleet,
  crawl: string,
  requests: readonly Pick<Request, 'url'>[],
  known = new Set<string>(),
): Promise<void> {
  const fresh = new Set<string>();
  let last = '//'; // where the URL before begins its path: most lists go host by host
  for (const { url } of requests) {
    if (url.startsWith(last)) continue;
    last = url.slice(0, url.indexOf('/', 8) + 1);
    const hostPort = hostPortOf(url);
    if (!known.has(hostPort) && mayBePrivate(hostnameOf(url))) fresh.add(hostPort);
  }
  if (fresh.size === 0) return;
  await fleet.redis.sadd(fleet.keys.seedHosts(crawl), ...fresh);
  for (const hostPort of fresh) if (known.size < 100_000) known.add(hostPort);
}
