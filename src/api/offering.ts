// Moves requests from a body into the frontier: checks them, refuses private addresses, offers them in
// batches.
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { CrawlSettings } from '../config/settings.ts';
import { type DroverError, failure } from '../errors.ts';
import { refusedByUrl } from '../fetch/guard.ts';
import { type OfferedLine, type OfferTotals, offerSeeds } from '../seeds/offer.ts';
import { parseSeedValue, readSeeds, type SeedLine } from '../seeds/read.ts';
import { hostnameOf, mayBePrivate } from '../url/host.ts';
import type { UrlRules } from '../url/normalize.ts';
import { paced, STREAM_PACE } from './bodies.ts';
import type { ApiContext } from './context.ts';
import { ApiProblem } from './problem.ts';
import { createRejections, type Rejections } from './rejections.ts';

/**
 * How long a call with a JSON body waits for a full frontier before it is answered with an error. A stream
 * waits without limit.
 */
const LONGEST_HELD_MS = 30_000;

/** Lines of a JSON body: one for each element of `values` (a URL or a request). */
export function* seedValues(
  values: readonly unknown[],
  rules: UrlRules,
  context: ApiContext,
): Generator<OfferedLine> {
  for (const [index, value] of values.entries())
    yield inBounds({ line: index + 1, ...parseSeedValue(value, rules) }, context);
}

/** Lines of an NDJSON body, plain or gzipped, as they come. `onBytes` gets the unpacked bytes. */
export async function* seedLines(
  payload: Readable,
  isGzip: boolean,
  rules: UrlRules,
  context: ApiContext,
  onBytes: (bytes: Buffer) => void,
): AsyncGenerator<OfferedLine> {
  const raw = paced(payload, STREAM_PACE);
  for await (const line of readSeeds(observed(isGzip ? unpacked(raw) : raw, onBytes), rules))
    yield inBounds(line, context);
}

async function* observed(
  bytes: AsyncIterable<Buffer>,
  onBytes: (bytes: Buffer) => void,
): AsyncGenerator<Buffer> {
  for await (const chunk of bytes) {
    onBytes(chunk);
    yield chunk;
  }
}

async function* unpacked(bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield* pipeline(bytes, createGunzip(), () => {});
  } catch (error) {
    if (error instanceof ApiProblem || !String((error as NodeJS.ErrnoException).code).startsWith('Z_'))
      throw error;
    throw new ApiProblem('E_FIELD', `The body is not gzip: ${(error as Error).message}.`, { field: 'body' });
  }
}

/**
 * Refuses, as a failure on the line, a URL into the operator's own network, unless the operator allows it
 * (the server's --allow-private). This looks at the URL alone. A public name that resolves to a private
 * address is refused by the consumer, which checks the address it connects to.
 */
export function inBounds(line: SeedLine, { settings }: ApiContext): OfferedLine {
  if ('failure' in line) return { ...line, source: 'body' };
  const { url } = line.input;
  const hostname = hostnameOf(url);
  const refused = refusedByUrl(url, { cidrs: settings.allowPrivate, hosts: NO_HOSTS });
  const isAddress = /^[\d.]+$/.test(hostname) || hostname.startsWith('[');
  const isName = mayBePrivate(hostname) && !isAddress && settings.allowPrivate.length === 0;
  if (refused !== null || isName) {
    const refusal = refused ?? failure('E_SSRF', `${hostname}.`);
    return { source: 'body', line: line.line, text: url, failure: refusal };
  }
  return { ...line, source: 'body' };
}

const NO_HOSTS: readonly string[] = [];

/** The same for many lines. */
export async function* boundedLines(
  lines: AsyncIterable<OfferedLine>,
  context: ApiContext,
): AsyncGenerator<OfferedLine> {
  for await (const line of lines) yield inBounds(line, context);
}

export interface Offering {
  crawl: string;
  /** The producer whose lease holds the crawl open (see beginCrawl and stayWithCrawl). */
  producer: string;
  settings: Pick<CrawlSettings, 'maxFrontier' | 'keepSeeds'>;
  lines: AsyncIterable<OfferedLine> | Iterable<OfferedLine>;
  /**
   * True for a stream: while the frontier is full, its bytes are not read, and its sender waits without
   * limit.
   */
  isStream?: boolean;
}

/**
 * Offers all lines. When it resolves, all accepted requests are durable. Idempotent: a request that the crawl
 * has seen counts as a duplicate. Throws E_TOO_MANY (503) when the frontier stays full for LONGEST_HELD_MS,
 * and E_STOPPING when the server stops. The caller closes `rejected`.
 */
export async function offerLines(
  context: ApiContext,
  offering: Offering,
): Promise<Omit<OfferTotals, 'rejected'> & { rejected: Rejections }> {
  const { fleet, settings, stopping } = context;
  const rejected = createRejections(join(settings.dataDir, 'tmp'));
  let heldBy: DroverError | null = null;
  let heldSince: number | null = null;
  const isHeldTooLong = () =>
    !offering.isStream && heldSince !== null && performance.now() - heldSince > LONGEST_HELD_MS;
  try {
    const totals = await offerSeeds({
      fleet,
      crawl: offering.crawl,
      producer: offering.producer,
      lines: toAsync(offering.lines),
      maxFrontier: offering.settings.maxFrontier,
      keepSeeds: offering.settings.keepSeeds > 0,
      mayNameHosts: false,
      onBadLine: rejected.add,
      onHeld: (why) => {
        heldSince ??= performance.now();
        heldBy = typeof why === 'number' ? null : why;
      },
      stopped: () => stopping() || isHeldTooLong(),
    });
    if (stopping()) throw new ApiProblem('E_STOPPING');
    if (isHeldTooLong() && heldBy) throw heldBy;
    if (isHeldTooLong())
      throw new ApiProblem('E_TOO_MANY', 'The frontier is full.', { status: 503, retryAfterSeconds: 30 });
    return { ...totals, rejected };
  } catch (error) {
    rejected.close();
    throw error;
  }
}

async function* toAsync<T>(items: AsyncIterable<T> | Iterable<T>): AsyncGenerator<T> {
  yield* items;
}
