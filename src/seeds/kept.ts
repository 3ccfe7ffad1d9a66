// Reads the seeds that a crawl keeps, to offer them again.
import { DroverError } from '../errors.ts';
import type { Fleet } from '../fleet.ts';
import { unpackSeeds } from '../frontier/seed-block.ts';
import type { Request } from '../request.ts';
import { normalizeUrl, type UrlRules } from '../url/normalize.ts';
import type { OfferedLine } from './offer.ts';

const CHUNK_BYTES = 256 * 1024;

/**
 * The seeds that the crawl keeps when this is called, those of one shard after the other, each in the order
 * in which they were offered, as lines to offer. `rules` may be others than those of the crawl: a URL that
 * they refuse is a failure. Reads only as fast as the lines are used. Throws E_CRAWL_UNKNOWN when the crawl
 * is forgotten meanwhile.
 */
export async function* keptSeeds(fleet: Fleet, crawl: string, rules: UrlRules): AsyncGenerator<OfferedLine> {
  let line = 0;
  for (const shard of fleet.shards)
    for await (const block of blocksOf(shard, crawl))
      for (const seed of unpackSeeds(block)) yield lineOf(seed, crawl, ++line, rules);
}

function lineOf({ url, depth, extras }: Request, crawl: string, line: number, rules: UrlRules): OfferedLine {
  const place = { source: `seeds of ${crawl}`, line };
  const normalized = normalizeUrl(url, rules);
  if ('failure' in normalized) return { ...place, failure: normalized.failure, text: url };
  const { assumed, keyed: _, ...given } = extras ?? {};
  const input = { ...given, url: normalized.url, ...(depth > 0 ? { depth } : {}) };
  return { ...place, input, ...(assumed ? { assumed } : {}) };
}

/** Each is LENGTH:BLOCK (frontier/lua/seeds/keep-seeds.lua). */
async function* blocksOf({ redis, keys }: Fleet, crawl: string): AsyncGenerator<Buffer> {
  const key = keys.seeds(crawl);
  const end = await redis.strlen(key);
  let left: Buffer = Buffer.alloc(0);
  for (let at = 0; at < end; ) {
    const chunk = await redis.getrangeBuffer(key, at, Math.min(end, at + CHUNK_BYTES) - 1);
    if (chunk.length === 0)
      throw new DroverError('E_CRAWL_UNKNOWN', `${crawl} was forgotten while its seeds were read.`);
    at += chunk.length;
    left = Buffer.concat([left, chunk]);
    for (let next = firstOf(left); next; next = firstOf(left)) {
      yield next;
      left = left.subarray(next.byteOffset - left.byteOffset + next.length);
    }
  }
}

/** The first block, if all of it is there. */
function firstOf(bytes: Buffer): Buffer | null {
  const [head, length] = /^(\d+):/.exec(bytes.subarray(0, 12).toString('latin1')) ?? [];
  if (head === undefined) return null;
  const end = head.length + Number(length);
  return end <= bytes.length ? bytes.subarray(head.length, end) : null;
}
