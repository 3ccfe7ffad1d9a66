// Requests on their way from a body into the frontier: checked, kept from private addresses, offered batch by batch.
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { CrawlSettings } from '../config/settings.ts';
import { failure } from '../errors.ts';
import { guardOf } from '../fetch/guard.ts';
import { type OfferedLine, type OfferTotals, offerSeeds } from '../seeds/offer.ts';
import { parseSeedValue, readSeeds, type SeedLine } from '../seeds/read.ts';
import { hostnameOf, mayBePrivate } from '../url/host.ts';
import type { UrlRules } from '../url/normalize.ts';
import { paced, STREAM_PACE } from './bodies.ts';
import type { ApiContext } from './context.ts';
import { ApiProblem } from './problem.ts';
import { createRejections, type Rejections } from './rejections.ts';

/** Looked at again this often while the frontier is full; a call that is no stream is answered after this. */
const LONGEST_HELD_MS = 30_000;

/** Lines of a JSON body: one request, or an array of URLs and requests. */
export function* seedValues(
  values: readonly unknown[],
  rules: UrlRules,
  context: ApiContext,
): Generator<OfferedLine> {
  for (const [index, value] of values.entries())
    yield inBounds({ line: index + 1, ...parseSeedValue(value, rules) }, context);
}

/** Lines of NDJSON, as they come; gzip'd or not. */
export async function* seedLines(
  payload: Readable,
  isGzip: boolean,
  rules: UrlRules,
  context: ApiContext,
  onBytes: (bytes: Buffer) => void,
): AsyncGenerator<OfferedLine> {
  const raw = paced(payload, STREAM_PACE);
  for await (const line of readSeeds(heard(isGzip ? unpacked(raw) : raw, onBytes), rules))
    yield inBounds(line, context);
}

async function* heard(
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
    throw new ApiProblem('E_FIELD', `The body is no gzip: ${(error as Error).message}.`, { field: 'body' });
  }
}

/**
 * What comes over the network may not name the operator's own network, unless the operator allowed it (--allow-private of the server). Names that
 * resolve inward are refused by the consumer's guard, which looks at the address that it connects to.
 */
export function inBounds(line: SeedLine, { settings }: ApiContext): OfferedLine {
  if ('failure' in line) return { ...line, source: 'body' };
  const { url } = line.input;
  const hostname = hostnameOf(url);
  if (mayBePrivate(hostname)) {
    const address = hostname.replace(/^\[(.*)\]$/, '$1');
    const isAddress = /^[\d.]+$/.test(hostname) || hostname.startsWith('[');
    const refused = isAddress
      ? guardOf({ cidrs: settings.allowPrivate, hosts: NO_HOSTS }).refuses(address)
      : null;
    const isName = !isAddress && settings.allowPrivate.length === 0;
    if (refused !== null || isName)
      return {
        source: 'body',
        line: line.line,
        text: url,
        failure: failure('E_SSRF', `${hostname}${refused ? ` is ${refused}` : ''}.`),
      };
  }
  return { ...line, source: 'body' };
}

const NO_HOSTS: readonly string[] = [];

export interface Offering {
  crawl: string;
  /** Holds the crawl open (beginCrawl, stayWithCrawl). */
  producer: string;
  settings: Pick<CrawlSettings, 'maxFrontier'>;
  lines: AsyncIterable<OfferedLine> | Iterable<OfferedLine>;
  /** The sender waits as long as it likes: its bytes are just not read. */
  isStream?: boolean;
}

/** All accepted is durable when this resolves. Throws E_TOO_MANY when the frontier stays full, E_STOPPING when the server stops. */
export async function offerLines(
  context: ApiContext,
  offering: Offering,
): Promise<Omit<OfferTotals, 'rejected'> & { rejected: Rejections }> {
  const { fleet, settings, stopping } = context;
  const rejected = createRejections(join(settings.dataDir, 'tmp'));
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
      mayNameHosts: false,
      onBadLine: rejected.add,
      onHeld: () => {
        heldSince ??= performance.now();
      },
      stopped: () => stopping() || isHeldTooLong(),
    });
    if (stopping()) throw new ApiProblem('E_STOPPING');
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
