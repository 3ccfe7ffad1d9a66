// The filter of a command about dead letters. Its values are checked, so that a typing error is not taken for
// "no letters".
import { findCrawl } from '../../src/crawl/crawl.ts';
import { ALL_DEAD, type DeadFilter } from '../../src/dead/filter.ts';
import { indexedGroups, reconcileDead } from '../../src/dead/groups.ts';
import { type DeadShard, findDead } from '../../src/dead/read.ts';
import { DroverError } from '../../src/errors.ts';
import { shardOf } from '../../src/fleet.ts';
import { nearest } from '../../src/nearest.ts';
import { hostKey } from '../../src/url/host.ts';
import type { Session } from '../command/session.ts';
import { timeOf } from '../command/since.ts';
import { type FilterOptions, filterOptions } from './options.ts';

/** Makes the filter from the argument and the options. Throws E_CRAWL_UNKNOWN, E_USAGE, E_SETTING. */
export async function deadFilter(
  session: Session,
  shards: readonly DeadShard[],
  name: string | undefined,
  options: FilterOptions,
): Promise<DeadFilter> {
  const { code, host, since, minAttempts, q } = options;
  const filter: DeadFilter = {
    ...ALL_DEAD,
    code: code ?? null,
    since: since === undefined ? null : timeOf(since),
    attempts: minAttempts ?? null,
    q: q ?? null,
  };
  const one = name === undefined ? {} : await crawlOrLetter(session, shards, name);
  return {
    ...filter,
    ...(host === undefined ? {} : { host: await knownHost(session, shards, host) }),
    ...one,
  };
}

/** Whether the argument or an option narrows the choice down. */
export function choosesSome(args: readonly string[], options: FilterOptions): boolean {
  const names = Object.keys(filterOptions) as (keyof FilterOptions)[];
  return Boolean(args[0]) || names.some((name) => options[name] !== undefined);
}

/** Throws E_USAGE unless something narrows the choice down, or --all says that all letters are meant. */
export function requireChoice(
  args: readonly string[],
  options: FilterOptions & { all: boolean },
  what: string,
): void {
  if (!options.all && !choosesSome(args, options))
    throw new DroverError(
      'E_USAGE',
      `Give the crawl whose dead letters to ${what}, narrow them down (--code, --host, …), or add --all.`,
    );
}

/** A letter's id is looked up with its code and host, so that only its group must be read. */
async function crawlOrLetter(
  session: Session,
  shards: readonly DeadShard[],
  name: string,
): Promise<Partial<DeadFilter>> {
  const { fleet } = session;
  try {
    return { crawl: await findCrawl(fleet, name) };
  } catch (error) {
    const found = /\.[0-9a-f]{16}$/.test(name)
      ? await Promise.all(shards.map((shard) => findDead(shard, name)))
      : [];
    const letter = found.find((each) => each !== null);
    if (!letter) throw error;
    const { jobId, crawl, code, host } = letter;
    return { jobId, crawl, code, host };
  }
}

/** The key of a host that has dead letters or limits. Throws E_USAGE for any other, which may be misspelt. */
async function knownHost(session: Session, shards: readonly DeadShard[], text: string): Promise<string> {
  const key = hostKey(text);
  const { redis, keys } = shardOf(session.fleet, key);
  if ((await redis.exists(keys.limiter(key))) === 1) return key;
  const hosts: string[] = [];
  for (const { fleet, queue } of shards) {
    await reconcileDead(fleet, queue);
    hosts.push(...(await indexedGroups(fleet, { code: null, host: null })).map(({ host }) => host));
  }
  if (hosts.includes(key)) return key;
  throw new DroverError(
    'E_USAGE',
    `--host: there are no dead letters of ${key}; ${nearest(key, hosts)}drover dead summary lists their hosts.`,
  );
}
