// The atomic steps by which a crawl that has ended is forgotten. src/forget puts them together.

import { DroverError } from '../errors.ts';
import type { Fleet } from '../fleet.ts';
import type { Keys } from '../keys.ts';
import { defineScript, type ScriptReply } from '../scripts.ts';
import { readCounts, recordsFolderOf, storeOf } from './crawl.ts';

type Begun =
  | ['forgetting', token: string, store: string]
  | ['open', state: string, waiting: number]
  | ['unknown'];

const ofCrawl = {
  key: (keys: Keys, crawl: string) => keys.crawl(crawl),
  args: (crawl: string) => [crawl],
};
const beginScript = defineScript({
  path: 'crawl/lua/begin-forgetting.lua',
  key: (keys) => keys.crawls,
  args: ({ crawl, withRecords }: { crawl: string; withRecords: boolean }) => [crawl, withRecords ? '1' : '0'],
  answer: (reply: ScriptReply) => reply as Begun,
});
const endScript = defineScript({
  ...ofCrawl,
  path: 'crawl/lua/end-forgetting.lua',
  answer: (is) => is === 1,
});
const endPartScript = defineScript({
  ...ofCrawl,
  path: 'crawl/lua/forget-part.lua',
  answer: () => undefined,
});

/** Where the records of a forgotten crawl are: the address of their store, and their name there. */
export interface LeftRecords {
  store: string;
  recordsFolder: string;
}

/**
 * From now on nobody finds the crawl. Returns where its records are. `withRecords`: they will be deleted.
 * Atomic and idempotent. Throws E_CRAWL_UNKNOWN, and E_CRAWL_OPEN for a crawl that has not ended.
 */
export async function beginForgetting(
  fleet: Fleet,
  crawl: string,
  withRecords = false,
): Promise<LeftRecords> {
  if (fleet.shards.length > 1) await checkParts(fleet, crawl);
  const [kind, ...told] = await fleet.run(beginScript, { crawl, withRecords });
  if (kind === 'forgetting')
    return { store: storeOf(told[1]), recordsFolder: recordsFolderOf(crawl, String(told[0])) };
  if (kind === 'unknown')
    throw new DroverError('E_CRAWL_UNKNOWN', `The name given is ${JSON.stringify(crawl)}.`);
  const [state, waiting] = told;
  if (state === 'finished') throw new DroverError('E_CRAWL_OPEN', `Requests are being offered to ${crawl}.`);
  throw isOpen(crawl, waiting);
}

const isOpen = (crawl: string, waiting: unknown) =>
  new DroverError('E_CRAWL_OPEN', `Requests of ${crawl} to come: ${waiting}.`);

/**
 * Throws E_CRAWL_OPEN for a crawl of which something is left on any shard, though home may not know it yet.
 */
async function checkParts(fleet: Fleet, crawl: string): Promise<void> {
  const read = fleet.shards.map(({ redis, keys }) => redis.hget(keys.crawl(crawl), 'state'));
  const [home, ...others] = await Promise.all(read);
  const isRunning = home === 'finished' && others.some((state) => state === 'running' || state === 'paused');
  if (isRunning || home === 'running' || home === 'paused')
    throw isOpen(crawl, (await readCounts(fleet, crawl)).waiting);
}

/**
 * Removes the last of a crawl that is being forgotten: first its parts on other shards, then that at home.
 * False if it had been removed before. Each is atomic and idempotent.
 */
export async function endForgetting(fleet: Fleet, crawl: string): Promise<boolean> {
  await Promise.all(fleet.shards.slice(1).map((shard) => shard.run(endPartScript, crawl)));
  return fleet.run(endScript, crawl);
}

/** Crawls whose remains are still to be removed, because whoever did it was stopped. */
export function listForgetting(fleet: Fleet): Promise<string[]> {
  return fleet.redis.zrange(fleet.keys.forgetting, '0', '-1');
}

/** Those of them whose records go too. Only a command that can delete these goes on with them. */
export async function listLosingRecords(fleet: Fleet): Promise<string[]> {
  const crawls = await listForgetting(fleet);
  const marks = await Promise.all(
    crawls.map((crawl) => fleet.redis.hget(fleet.keys.crawl(crawl), 'dropRecords')),
  );
  return crawls.filter((_, index) => marks[index] === '1');
}
