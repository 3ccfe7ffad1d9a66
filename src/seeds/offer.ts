// Offering seeds to a crawl, batch by batch, each durable before the next is read.

import { setTimeout as sleep } from 'node:timers/promises';
import { stayWithCrawl } from '../crawl/crawl.ts';
import type { Failure } from '../errors.ts';
import type { Fleet } from '../fleet.ts';
import { BATCH, type Offered, offer } from '../frontier/offer.ts';
import { redisFailure } from '../redis.ts';
import type { Request, RequestExtras, RequestInput } from '../request.ts';
import { hostnameOf, hostPortOf, mayBePrivate } from '../url/host.ts';

/** A list that comes slowly (`tail -f`) is not kept waiting for a full batch. */
const SLOWEST_MS = 200;
/** A full frontier is looked at again after this, then less and less often. */
const SHORTEST_HELD_MS = 20;
const LONGEST_HELD_MS = 250;
/** Of --max-frontier: by so much at most does one batch go beyond it. */
const BATCH_SHARE = 0.1;
/** Bodies may be large: a batch with so many characters of them waits for no more. */
const MOST_BODIES = 4_000_000;

/** A line of a seed list: a request whose url is normalised, or what is wrong with it. */
export type OfferedLine =
  | { source: string; line: number; input: RequestInput }
  | { source: string; line: number; failure: Failure; text: string };

export interface OfferTotals {
  accepted: number;
  duplicates: number;
  rejected: number;
  /** Not accepted because of --limit. */
  overLimit: number;
}

export interface SeedOffering {
  fleet: Fleet;
  crawl: string;
  producer: string;
  lines: AsyncIterable<OfferedLine>;
  /** As the crawl has it; without it, batches are as large as they may be. */
  maxFrontier?: number;
  /** Whether private hosts that the lines name are thereby allowed (default): so for an operator's own list, not for what comes over the network. */
  mayNameHosts?: boolean;
  onBadLine: (line: Extract<OfferedLine, { failure: Failure }>) => void;
  /** Told when the frontier is full, and how full, or -1 if it is Redis' memory, each time that it is looked at again. */
  onHeld?: (waiting: number) => void;
  stopped: () => boolean;
}

/**
 * Offers all lines to a crawl that the producer has begun (beginCrawl), and keeps its lease meanwhile. A bad line is reported and the
 * rest goes on. Idempotent: a list that was cut off is offered again from its start without doubling anything.
 */
export async function offerSeeds(offering: SeedOffering): Promise<OfferTotals> {
  const { fleet, crawl, producer, lines, stopped } = offering;
  const batches = createBatches(offering);
  const lease = setInterval(() => stayWithCrawl(fleet, crawl, producer).catch(() => undefined), 1000);
  let rejected = 0;
  try {
    for await (const line of lines) {
      if ('failure' in line) {
        rejected++;
        offering.onBadLine(line);
        continue;
      }
      const sent = batches.add(requestOf(line.input));
      if (sent) await sent;
      if (stopped()) break;
    }
    await batches.send();
    return { ...batches.totals, rejected };
  } finally {
    batches.stop();
    clearInterval(lease);
  }
}

interface Batches {
  totals: Omit<OfferTotals, 'rejected'>;
  /** Something to wait for before the next is read; null while there is room. */
  add(request: Request): Promise<void> | null;
  /** Resolves when all that was added is durable. */
  send(): Promise<void>;
  stop(): void;
}

/** Batches go one after the other, in their order; the first, and what comes after a silence, at once. */
function createBatches(offering: SeedOffering): Batches {
  const { maxFrontier = Number.POSITIVE_INFINITY, stopped } = offering;
  const totals = { accepted: 0, duplicates: 0, overLimit: 0 };
  const mostInBatch = Math.max(1, Math.min(BATCH, Math.floor(maxFrontier * BATCH_SHARE)));
  const allowed = new Set<string>();
  let batch: Request[] = [];
  let bodies = 0;
  let sentAt = Number.NEGATIVE_INFINITY;
  let timer: NodeJS.Timeout | undefined;
  let last: Promise<void> = Promise.resolve();

  function send(): Promise<void> {
    clearTimeout(timer);
    const requests = batch;
    batch = [];
    bodies = 0;
    sentAt = performance.now();
    if (requests.length > 0) last = last.then(() => offerAll(requests));
    return last;
  }

  async function offerAll(requests: Request[]): Promise<void> {
    const offered = await offerPatiently(offering, requests, allowed);
    totals.accepted += offered?.added ?? 0;
    totals.duplicates += offered?.duplicates ?? 0;
    totals.overLimit += offered?.overLimit ?? 0;
  }

  return {
    totals,
    send,
    add(request) {
      batch.push(request);
      bodies += request.extras?.body?.length ?? 0;
      const isFull = batch.length >= mostInBatch || bodies >= MOST_BODIES;
      if (isFull || performance.now() - sentAt > SLOWEST_MS || stopped()) return send();
      // A list that goes silent keeps nothing back; what goes wrong then is thrown with the next batch.
      if (batch.length === 1) timer = setTimeout(() => send().catch(() => undefined), SLOWEST_MS);
      return null;
    },
    stop: () => clearTimeout(timer),
  };
}

/** Waits while the frontier is full, or Redis' memory: until stopped. */
async function offerPatiently(
  { fleet, crawl, onHeld, stopped, mayNameHosts = true }: SeedOffering,
  requests: Request[],
  allowed: Set<string>,
): Promise<Offered | null> {
  for (let waitMs = SHORTEST_HELD_MS; ; waitMs = Math.min(waitMs * 2, LONGEST_HELD_MS)) {
    try {
      if (mayNameHosts) await allowHosts(fleet, crawl, requests, allowed);
      const offered = await offer(fleet, crawl, requests);
      if (!offered?.full) return offered;
      onHeld?.(offered.full.waiting);
    } catch (error) {
      if (redisFailure(error)?.code !== 'E_REDIS_MEMORY') throw error;
      onHeld?.(-1);
    }
    if (stopped()) return null;
    await sleep(waitMs);
  }
}

function requestOf({ url, depth, ...rest }: RequestInput): Request {
  const extras = Object.keys(rest).length > 0 ? (rest as RequestExtras) : null;
  return { url, depth: depth ?? 0, referrer: null, extras };
}

/** The operator named these hosts and ports, so the guard lets them through though they are private. */
async function allowHosts(
  fleet: Fleet,
  crawl: string,
  requests: Request[],
  known: Set<string>,
): Promise<void> {
  const fresh = new Set<string>();
  for (const { url } of requests) {
    const hostPort = hostPortOf(url);
    if (!known.has(hostPort) && mayBePrivate(hostnameOf(url))) fresh.add(hostPort);
  }
  if (fresh.size === 0) return;
  await fleet.redis.sadd(fleet.keys.seedHosts(crawl), ...fresh);
  for (const hostPort of fresh) if (known.size < 100_000) known.add(hostPort);
}
