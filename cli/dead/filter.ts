// The filter of a command about dead letters. Its values are checked, so that a typing error is not taken for
// "no letters".
import { parseSetting } from '../../src/config/parse.ts';
import { findCrawl } from '../../src/crawl/crawl.ts';
import { ALL_DEAD, type DeadFilter } from '../../src/dead/filter.ts';
import { indexedGroups, reconcileDead } from '../../src/dead/groups.ts';
import { showDead } from '../../src/dead/read.ts';
import { DroverError } from '../../src/errors.ts';
import type { RequestQueue } from '../../src/queue/queue.ts';
import { hostKey } from '../../src/url/host.ts';
import { nearest } from '../command/error-code.ts';
import type { Session } from '../command/session.ts';
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

/** Reads a duration back from now, or a time; returns milliseconds since 1970. Throws E_USAGE. */
export function timeOf(text: string, now = Date.now()): number {
  const isDate = /^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?$/.test(text);
  const isDuration = /^\d+(\.\d+)?\s*(ms|s|m|h|d)$/.test(text);
  const time = isDate
    ? Date.parse(text)
    : isDuration
      ? now - (parseSetting('keepDead', text, '--since') ?? 0)
      : Number.NaN;
  if (Number.isNaN(time) || (isDate && !existsOnCalendar(text)))
    throw new DroverError(
      'E_USAGE',
      `--since: expected a duration such as 2h or 7d, or a time such as 2026-01-31T12:00 (got ${JSON.stringify(text)}).`,
    );
  if (time > now) throw new DroverError('E_USAGE', `--since: ${text} is in the future.`);
  return time;
}

/** False for a date such as February 31, which Date.parse takes for a day in March. */
function existsOnCalendar(text: string): boolean {
  const date = text.slice(0, 10);
  const time = Date.parse(`${date}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(date);
}
