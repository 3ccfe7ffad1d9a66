// A crawl in Redis: beginning it, its producers' leases, finding it, its counters.

import { randomUUID } from 'node:crypto';
import type { CrawlSettings } from '../config/settings.ts';
import { FILES, isInFiles, isSameStore, keptAddress, readStoreAddress } from '../config/store-address.ts';
import { DroverError } from '../errors.ts';
import { type Fleet, holdShards, homeOfShard } from '../fleet.ts';
import type { Keys } from '../keys.ts';
import { nearest } from '../nearest.ts';
import { defineScript } from '../scripts.ts';
import type { FormerRun } from './former-run.ts';
import type { CrawlCounts } from './progress.ts';
import { endIfDone } from './shards/end.ts';
import { beginParts, readCrawl } from './shards/parts.ts';
import { chargedOf, spendingOf } from './spending.ts';

export type CrawlState = CrawlCounts['state'];

const CRAWLS_PER_CALL = 500;

/** A producer counts as offering for this long after its last sign of life. */
export const PRODUCER_LEASE_MS = 5000;

export interface Begun {
  id: string;
  /** False when an unfinished crawl of that name goes on. */
  fresh: boolean;
}

/**
 * The crawl of requests that the API is given without a crawl. Nobody else may take the name, so that these
 * requests never get into the crawl of somebody else.
 */
export const API_CRAWL = 'api-requests';

/**
 * Throws E_SETTING for a name that cannot be part of keys, job ids and file names, and for the name that the
 * API alone may use (API_CRAWL, and the ids of its crawls). `given`: what the user calls the name.
 */
export function checkCrawlName(name: string, given = '--crawl'): void {
  if (/^api-requests(\.\d+)?$/.test(name)) {
    throw new DroverError(
      'E_SETTING',
      `${given}: ${name} is kept for requests that the API is given without a crawl. Use another name.`,
    );
  }
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/.test(name)) {
    throw new DroverError(
      'E_SETTING',
      `${given}: use at most 100 letters, digits, dots and dashes (got ${JSON.stringify(name)}).`,
    );
  }
}

interface Beginning {
  name: string;
  producer: string;
  settings: CrawlSettings;
  /** As the user named them. */
  seeds: string;
  /** The store that its user named (Settings.store). Only a new crawl gets it; without one, it has files. */
  store?: string | null;
  /** It repeats a former run. Only a new crawl gets what is given here. */
  again?: Again | null;
  /** It may have the name API_CRAWL. */
  isFromApi?: boolean;
}

/** How a crawl is begun again. */
export interface Again {
  /** The run whose seeds and records are used. Null: only an unfinished crawl can go on. */
  former: FormerRun | null;
  /** Seeds in place of those that it keeps, as a block. */
  seeds: Buffer | null;
  /** Private hosts that its seeds named are allowed again. Not for a caller of the API. */
  mayNameHosts: boolean;
}

const beginScript = defineScript({
  path: 'crawl/lua/begin.lua',
  isAcknowledged: true,
  key: (keys) => keys.crawls,
  args: ({ name, producer, settings, seeds, store = null, again = null }: Beginning) => [
    ...[name, producer, PRODUCER_LEASE_MS, JSON.stringify(settings), seeds, randomUUID().slice(0, 8)],
    ...[keptAddress(store), again ? '1' : '', again?.former ? JSON.stringify(again.former) : ''],
    ...[again?.seeds ?? '', again?.mayNameHosts ? '1' : ''],
  ],
  answer: (reply): Begun => {
    const [id, kind] = reply as [string, number];
    if (kind === -1) throw new DroverError('E_CRAWL_OPEN', `${id} was begun by somebody else meanwhile.`);
    if (kind === -2) throw new DroverError('E_CRAWL_UNKNOWN', `${id} was forgotten meanwhile.`);
    return { id, fresh: kind === 1 };
  },
});

interface Producing {
  crawl: string;
  producer: string;
}
const ofProducer = {
  key: (keys: Keys, { crawl }: Producing) => keys.crawl(crawl),
  args: ({ crawl, producer }: Producing) => [crawl, producer],
  answer: () => undefined,
};
const leaveScript = defineScript({
  ...{ path: 'crawl/lua/leave-crawl.lua', ...ofProducer },
  isAcknowledged: true,
});
const letGoScript = defineScript({ path: 'crawl/lua/let-go.lua', ...ofProducer });
const stayScript = defineScript({
  ...ofProducer,
  path: 'crawl/lua/stay-with-crawl.lua',
  args: ({ crawl, producer }: Producing) => [crawl, producer, PRODUCER_LEASE_MS],
});
/**
 * Begins a crawl, or goes on with the unfinished crawl of that name. The producer counts as offering until it
 * leaves (leaveCrawl) or gives no sign of life for PRODUCER_LEASE_MS. Atomic. Throws E_SETTING for a
 * malformed name, for API_CRAWL unless `isFromApi`, and for settings of payment that do not fit together;
 * E_STORE_OTHER when the unfinished crawl keeps its records elsewhere than in the store that was named. With
 * `again`, E_CRAWL_OPEN when the unfinished crawl of that name was not begun again, and E_CRAWL_UNKNOWN when
 * the former run is gone.
 */
export async function beginCrawl(fleet: Fleet, crawl: Beginning): Promise<Begun> {
  if (crawl.name !== API_CRAWL || !crawl.isFromApi) checkCrawlName(crawl.name);
  spendingOf(crawl.settings); // throws when the settings of payment do not fit together
  if (crawl.settings.screenshot && crawl.store && !isInFiles(crawl.store))
    throw new DroverError(
      'E_SETTING',
      '--screenshot: pictures are kept beside records in files; the store is none.',
    );
  checkShards(fleet, crawl.settings);
  if (crawl.store) await checkStore(fleet, crawl.name, crawl.store);
  await holdShards(fleet);
  const begun = await fleet.run(beginScript, crawl);
  await beginParts(fleet, begun.id);
  return begun;
}

/** Throws E_SETTING for a setting that a fleet with more than one shard cannot keep. */
export function checkShards({ shards }: Fleet, { perServer }: Pick<CrawlSettings, 'perServer'>): void {
  if (shards.length > 1 && perServer !== null)
    throw new DroverError('E_SETTING', '--per-server: a fleet with more than one shard keeps no such limit.');
}

async function checkStore({ redis, keys }: Fleet, name: string, given: string): Promise<void> {
  const crawl = (await redis.hget(keys.newestOfName, name)) ?? name;
  const [state, field, offering] = await redis.hmget(keys.crawl(crawl), 'state', 'store', 'offering');
  const goesOn = state === 'running' || state === 'paused' || (state === 'finished' && offering !== null);
  const kept = storeOf(field);
  if (!goesOn || isSameStore(readStoreAddress(given), readStoreAddress(kept))) return;
  throw new DroverError(
    'E_STORE_OTHER',
    `Crawl ${crawl} keeps them in ${kept}, not in ${keptAddress(given)}.`,
  );
}

/**
 * Renews the lease on the crawl that a producer has, or a replay under this name. The lease keeps the crawl
 * open for PRODUCER_LEASE_MS.
 */
export function stayWithCrawl(fleet: Fleet, crawl: string, producer: string): Promise<void> {
  return fleet.run(stayScript, { crawl, producer });
}

/** Ends the producer's lease on the crawl. Ends the crawl if nothing of it is left. Atomic and idempotent. */
export async function leaveCrawl(fleet: Fleet, crawl: string, producer: string): Promise<void> {
  await fleet.run(leaveScript, { crawl, producer });
  if (fleet.shards.length > 1) await endIfDone(fleet, crawl);
}

/**
 * Ends the lease of a replay on the crawl. Ends the crawl if nothing of it is left. Atomic and idempotent.
 */
export async function letCrawlGo(fleet: Fleet, crawl: string, holder: string): Promise<void> {
  await fleet.run(letGoScript, { crawl, producer: holder });
  if (fleet.shards.length > 1) await endIfDone(homeOfShard(fleet), crawl);
}

/**
 * The crawl's records folder in the data directory. The token makes it unique, because a crawl of another
 * fleet may have the same id.
 */
export function recordsFolderOf(crawl: string, token: string): string {
  return `${crawl}-${token}`;
}

/** The address of the crawl's store, from the field of its hash. Crawls of former versions have none. */
export function storeOf(field: unknown): string {
  return typeof field === 'string' && field !== '' ? field : FILES;
}

/** The ids of all crawls, newest first. */
export async function listCrawls(fleet: Fleet): Promise<string[]> {
  return fleet.redis.zrevrange(fleet.keys.crawls, '0', '-1');
}

/** The ids of crawls that have not ended, newest first. */
export function listOpenCrawls(fleet: Fleet): Promise<string[]> {
  return listByState(fleet, ['running', 'paused']);
}

export function listCancelledCrawls(fleet: Fleet): Promise<string[]> {
  return listByState(fleet, ['cancelled']);
}

async function listByState(fleet: Fleet, states: readonly CrawlState[]): Promise<string[]> {
  const found: string[] = [];
  const crawls = await listCrawls(fleet);
  for (let start = 0; start < crawls.length; start += CRAWLS_PER_CALL) {
    const page = crawls.slice(start, start + CRAWLS_PER_CALL);
    const pipeline = fleet.redis.pipeline();
    for (const crawl of page) pipeline.hget(fleet.keys.crawl(crawl), 'state');
    const replies = ((await pipeline.exec()) ?? []).map(([, state]) => state as CrawlState);
    found.push(...page.filter((_, index) => states.includes(replies[index] as CrawlState)));
  }
  return found;
}

/** Returns the id of the crawl with this id, or of the newest crawl of this name. Throws E_CRAWL_UNKNOWN. */
export async function findCrawl(fleet: Fleet, idOrName: string): Promise<string> {
  const newest = await fleet.redis.hget(fleet.keys.newestOfName, idOrName);
  if (newest !== null) return newest;
  if (await fleet.redis.zscore(fleet.keys.crawls, idOrName)) return idOrName;
  // The first crawl of a name has the name itself as its id, and the name means the newest. So `NAME.1` means
  // the first.
  const first = /^(.+)\.1$/.exec(idOrName)?.[1];
  if (first && (await fleet.redis.zscore(fleet.keys.crawls, first))) return first;
  throw await unknownCrawl(fleet, idOrName);
}

/** E_CRAWL_UNKNOWN, with the nearest known name. */
export async function unknownCrawl({ redis, keys }: Fleet, idOrName: string): Promise<DroverError> {
  const meant = nearest(idOrName, await redis.hkeys(keys.newestOfName)).trim();
  const detail = `The name given is ${JSON.stringify(idOrName)}${meant === '' ? '.' : `; ${meant}`}`;
  return new DroverError('E_CRAWL_UNKNOWN', detail);
}

/** Returns the id of the crawl with exactly this id. Throws E_CRAWL_UNKNOWN. */
export async function exactCrawl(fleet: Fleet, id: string): Promise<string> {
  if ((await fleet.redis.zscore(fleet.keys.crawls, id)) !== null) return id;
  return findCrawl(fleet, id);
}

/**
 * Reads a crawl's counters, those of each shard at one moment, so that accepted = recorded + refused + dead +
 * waiting. Throws E_CRAWL_UNKNOWN.
 */
export async function readCounts(fleet: Fleet, crawl: string): Promise<CrawlCounts> {
  const fields = await readCrawl(fleet, crawl);
  if (!fields.state) throw new DroverError('E_CRAWL_UNKNOWN', `The name given is ${JSON.stringify(crawl)}.`);
  return countsOf(crawl, fields);
}

/** Makes the counters from the fields of the crawl's hash. */
export function countsOf(crawl: string, fields: Readonly<Record<string, string>>): CrawlCounts {
  const number = (name: string) => Number(fields[name] ?? 0);
  const group = (prefix: string) =>
    Object.fromEntries(
      Object.entries(fields)
        .filter(([name]) => name.startsWith(prefix))
        .map(([name, value]) => [name.slice(prefix.length), Number(value)]),
    );
  const [accepted, recorded, refused, dead] = [
    number('accepted'),
    number('recorded'),
    number('refused'),
    number('dead'),
  ];
  return {
    crawl,
    state: fields.state as CrawlState,
    accepted,
    recorded,
    refused,
    dead,
    waiting: accepted - recorded - refused - dead,
    bytes: number('bytes'),
    retries: number('retries'),
    postponed: number('postponed'),
    unchanged: number('unchanged'),
    notDue: number('notDue'),
    charged: chargedOf(fields),
    statuses: group('s:'),
    errors: group('e:'),
    refusals: group('r:'),
    leftOut: group('x:'),
    items: group('i:'),
  };
}
