// The filter of a command about dead letters. Its values are checked, so that a typing error is not taken for
// "no letters".
import { findCrawl } from '../../src/crawl/crawl.ts';
import { ALL_DEAD, type DeadFilter } from '../../src/dead/filter.ts';
import { indexedGroups, reconcileDead } from '../../src/dead/groups.ts';
import { showDead } from '../../src/dead/read.ts';
import { DroverError } from '../../src/errors.ts';
import { nearest } from '../../src/nearest.ts';
import type { RequestQueue } from '../../src/queue/queue.ts';
import { hostKey } from '../../src/url/host.ts';
import type { Session } from '../command/session.ts';
import { timeOf } from '../command/since.ts';
import { type FilterOptions, filterOptions } from './options.ts';

/** Makes the filter from the argument and the options. Throws E_CRAWL_UNKNOWN, E_USAGE, E_SETTING. */
export async function deadFilter(
  session: Session,
  queue: RequestQueue,
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
  const one = name === undefined ? {} : await crawlOrLetter(session, queue, name);
  return {
    ...filter,
    ...(host === undefined ? {} : { host: await knownHost(session, queue, host) }),
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
  queue: RequestQueue,
  name: string,
): Promise<Partial<DeadFilter>> {
  const { fleet } = session;
  try {
    return { crawl: await findCrawl(fleet, name) };
  } catch (error) {
    const isLetter =
      /\.[0-9a-f]{16}$/.test(name) && (await fleet.redis.zscore(queue.toKey('failed'), name)) !== null;
    if (!isLetter) throw error;
    const { jobId, crawl, code, host } = await showDead(fleet, queue, name);
    return { jobId, crawl, code, host };
  }
}

/** The key of a host that has dead letters or limits. Throws E_USAGE for any other, which may be misspelt. */
async function knownHost(session: Session, queue: RequestQueue, text: string): Promise<string> {
  const { fleet } = session;
  const key = hostKey(text);
  if ((await fleet.redis.exists(fleet.keys.limiter(key))) === 1) return key;
  await reconcileDead(fleet, queue);
  const hosts = (await indexedGroups(fleet, { code: null, host: null })).map(({ host }) => host);
  if (hosts.includes(key)) return key;
  throw new DroverError(
    'E_USAGE',
    `--host: there are no dead letters of ${key}; ${nearest(key, hosts)}drover dead summary lists their hosts.`,
  );
}
