// How deep a crawl goes whose seeds are lists: a list is fetched as it is, unless --depth says otherwise.
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { storedSettings } from '../../src/config/settings.ts';
import type { Fleet } from '../../src/fleet.ts';
import { readLines } from '../../src/seeds/lines.ts';
import { sourcesOf } from './arguments.ts';
import { openList } from './list-file.ts';

/** Larger lists are not counted beforehand. */
const MOST_COUNTED_BYTES = 32 * 1024 * 1024;
const MOST_COUNTED = 1_000_000;

export interface ListDepth {
  /** Null for no limit. */
  depth: number | null;
  /** What will happen, as a sentence for the user; null when there is no list, or --depth was given. */
  sentence: string | null;
}

/**
 * The depth of the crawl `name` when these seeds are offered to it. `given` is the one that the user gave. To
 * a crawl that has not ended, a list is added without changing how deep that crawl goes.
 */
export async function depthOfSeeds(
  fleet: Fleet,
  { name, seeds, given }: { name: string; seeds: readonly string[]; given: number | null },
): Promise<ListDepth> {
  if (given !== null) return { depth: given, sentence: null };
  const lists = (await sourcesOf(seeds)).flatMap((source) => ('path' in source ? [source.path] : []));
  if (lists.length === 0) return { depth: null, sentence: null };
  const what = await Promise.all(lists.map(wordsOf));
  const former = await depthOfOpenCrawl(fleet, name);
  if (former !== undefined && former !== 0) {
    const how = former === null ? 'following links' : `following links to depth ${former}`;
    return { depth: former, sentence: `adding ${what.join(' and ')} to a crawl that is ${how}` };
  }
  const sentence = `fetching ${what.join(' and ')} as they are; give --depth to follow links`;
  return { depth: 0, sentence };
}

/** Undefined when no crawl of that name goes on. */
async function depthOfOpenCrawl({ redis, keys }: Fleet, name: string): Promise<number | null | undefined> {
  const id = (await redis.hget(keys.newestOfName, name)) ?? name;
  const [state, text] = await redis.hmget(keys.crawl(id), 'state', 'settings');
  return text && (state === 'running' || state === 'paused') ? storedSettings(text).depth : undefined;
}

/** `312 URLs of list.txt`, or without a number for a long list and standard input. */
async function wordsOf(path: string | null): Promise<string> {
  if (path === null) return 'the URLs of standard input';
  const count = await countLines(path).catch(() => null); // a list that breaks off fails when it is offered
  if (count === null) return `the URLs of ${basename(path)}`;
  return `${count.toLocaleString('en-US')} ${count === 1 ? 'URL' : 'URLs'} of ${basename(path)}`;
}

async function countLines(path: string): Promise<number | null> {
  const found = await stat(path);
  if (!found.isFile() || found.size > MOST_COUNTED_BYTES) return null;
  let count = 0;
  for await (const lines of readLines(openList(path))) {
    count += lines.length;
    if (count > MOST_COUNTED) return null; // a gzipped list may be a hundred times as long
  }
  return count;
}
