// What it takes to crawl again (--again): which run is repeated, its settings, whether its seeds were kept.
import { type CrawlSettings, storedSettings } from '../config/settings.ts';
import { DroverError } from '../errors.ts';
import type { Fleet } from '../fleet.ts';
import { packSeeds } from '../frontier/seed-block.ts';
import { checkCrawlName, recordsFolderOf, unknownCrawl } from './crawl.ts';
import { compareRuns, type FormerRun } from './former-run.ts';

/** A run that is repeated, or gone on with. */
export interface KnownRun {
  crawl: string;
  /** Of its crawl, with the values that this version gives to settings that it lacks. */
  settings: CrawlSettings;
  /** The address of its store, without password; '' for files. */
  store: string;
  /** As its user named them. */
  seedsText: string;
}

/** A run as it is looked up: with what decides whether and how it can be repeated. */
export interface FoundRun extends KnownRun {
  state: string;
  /** Milliseconds since 1970. */
  endedAt: number;
  token: string;
  recorded: number;
  /** Bodies of its records were dropped (drover purge --bodies-older-than). */
  lostBodies: boolean;
  /** How many bytes of seeds it may keep; null for a crawl of a former version, which keeps none. */
  keepSeeds: number | null;
  hasSeeds: boolean;
}

export interface Repetition {
  /** The name of the runs. */
  name: string;
  /** The run that is repeated: the newest that finished, else the newest that was cancelled. */
  former: FoundRun | null;
  /** An unfinished run that was begun again itself: it goes on. `former` may be gone then. */
  open: KnownRun | null;
}

const MOST_RUNS_A_PAGE = 50;

/**
 * Looks up what `--again NAME` repeats. A name means the newest run that has ended; an id means that run.
 * `given`: what the user calls the name. Throws E_CRAWL_UNKNOWN, E_SETTING for the crawl that the API alone
 * may begin, and E_CRAWL_OPEN when an unfinished run has other seeds: then it would have to go on.
 */
export async function lookUpAgain(fleet: Fleet, nameOrId: string, given = '--again'): Promise<Repetition> {
  const { name, wanted } = await resolve(fleet, nameOrId, given);
  const newest = await fleet.redis.hget(fleet.keys.newestOfName, name);
  const [state, offering, formerText] = newest
    ? await fleet.redis.hmget(fleet.keys.crawl(newest), 'state', 'offering', 'former')
    : [];
  const isOpen = state === 'running' || state === 'paused' || (state === 'finished' && offering !== null);
  if (!newest || !isOpen) {
    const former = wanted === null ? await newestEnded(fleet, name) : await endedRun(fleet, wanted, name);
    if (!former) throw await unknownCrawl(fleet, nameOrId);
    return { name, former, open: null };
  }
  const repeated = formerText ? (JSON.parse(formerText) as FormerRun).crawl : null;
  if (repeated === null || (wanted !== null && wanted !== repeated && wanted !== newest))
    throw new DroverError(
      'E_CRAWL_OPEN',
      repeated === null
        ? `${newest} goes on, and was not begun with --again: without it, its command goes on with it.`
        : `${newest} goes on, and repeats ${repeated}.`,
    );
  const open = (await readKnownRun(fleet, newest)) ?? null;
  return { name, former: await endedRun(fleet, repeated, name), open };
}

async function resolve(
  fleet: Fleet,
  nameOrId: string,
  given: string,
): Promise<{ name: string; wanted: string | null }> {
  const { redis, keys } = fleet;
  checkCrawlName(nameOrId, given);
  if (await redis.hexists(keys.newestOfName, nameOrId)) return { name: nameOrId, wanted: null };
  // The first run of a name has the name itself as its id, and the name means the newest.
  for (const id of [nameOrId, /^(.+)\.1$/.exec(nameOrId)?.[1]]) {
    if (id === undefined || (await redis.zscore(keys.crawls, id)) === null) continue;
    const name = await redis.hget(keys.crawl(id), 'name');
    if (name !== null) return { name, wanted: id };
  }
  throw await unknownCrawl(fleet, nameOrId);
}

/**
 * The newest run of the name that finished; if none did, the newest that was cancelled. Null if none has
 * ended.
 */
export async function newestEnded(fleet: Fleet, name: string): Promise<FoundRun | null> {
  let serial = Number((await fleet.redis.hget(fleet.keys.countOfName, name)) ?? 1);
  let cancelled: FoundRun | null = null;
  // Nearly always, one of the newest two has finished.
  for (let most = 2; serial > 0; most = Math.min(2 * most, MOST_RUNS_A_PAGE)) {
    const page = Array.from({ length: Math.min(serial, most) }, (_, index) => serial - index);
    serial -= page.length;
    const runs = await Promise.all(
      page.map((each) => endedRun(fleet, each === 1 ? name : `${name}.${each}`, name)),
    );
    const finished = runs.find((run) => run?.state === 'finished');
    if (finished) return finished;
    cancelled ??= runs.find((run) => run !== null) ?? null;
  }
  return cancelled;
}

/** Null for a run that is not known, has not ended, or is one of another name. */
async function endedRun(fleet: Fleet, crawl: string, name: string): Promise<FoundRun | null> {
  if ((await fleet.redis.zscore(fleet.keys.crawls, crawl)) === null) return null;
  const run = await readKnownRun(fleet, crawl);
  if (run?.name !== name) return null;
  return run.state === 'cancelled' || (run.state === 'finished' && !run.isOffering) ? run : null;
}

/** Null for a run that is not known. */
export async function readKnownRun(
  fleet: Fleet,
  crawl: string,
): Promise<(FoundRun & { name: string | null; isOffering: boolean }) | null> {
  const { redis, keys } = fleet;
  const [text, name, state, offering, seeds, store, token, dropped, finishedAt, cancelledAt] =
    await redis.hmget(
      keys.crawl(crawl),
      ...['settings', 'name', 'state', 'offering', 'seeds', 'store', 'token', 'bodiesDropped'],
      ...['finishedAt', 'cancelledAt'],
    );
  if (!text || !state) return null;
  return {
    ...{
      crawl,
      name: name ?? null,
      state,
      settings: storedSettings(text),
      store: store ?? '',
      seedsText: seeds ?? '',
    },
    isOffering: offering !== null,
    token: token ?? '',
    lostBodies: Number(dropped ?? 0) > 0,
    endedAt: Number((state === 'finished' ? finishedAt : cancelledAt) ?? 0),
    ...(await keptByParts(fleet, crawl)),
  };
}

/**
 * What the parts of a run have recorded and keep. A part that keeps no seeds lacks some, so none are of use.
 */
async function keptByParts(
  { shards }: Fleet,
  crawl: string,
): Promise<Pick<FoundRun, 'recorded' | 'keepSeeds' | 'hasSeeds'>> {
  const parts = await Promise.all(
    shards.map(async ({ redis, keys }) => {
      const [[recorded, kept], seeds] = await Promise.all([
        redis.hmget(keys.crawl(crawl), 'recorded', 'keepSeeds'),
        redis.exists(keys.seeds(crawl)),
      ]);
      return { recorded, kept, hasSeeds: seeds === 1 };
    }),
  );
  const most = parts.flatMap(({ kept }) => (kept == null ? [] : [Number(kept)]));
  return {
    recorded: parts.reduce((sum, { recorded }) => sum + Number(recorded ?? 0), 0),
    keepSeeds: most.length === 0 ? null : Math.min(...most),
    hasSeeds: parts.some(({ hasSeeds }) => hasSeeds),
  };
}

/** What the new run's hash says of the former one. */
export function formerRunOf(former: FoundRun, next: CrawlSettings): FormerRun {
  const { crawl, store, token, settings, lostBodies } = former;
  const { sameHeaders, sameBody } = compareRuns(settings, next);
  const folder = recordsFolderOf(crawl, token);
  return { crawl, store, folder, sameHeaders, sameBody: sameBody && !lostBodies };
}

/**
 * The seeds of a run that keeps none, as a block, if its user named them as URLs; null for a run that keeps
 * its seeds, or has none but what --sitemap adds. Throws E_NO_SEEDS when they are not known any more.
 */
export function seedsInstead(
  { crawl, keepSeeds, hasSeeds, seedsText, settings }: FoundRun,
  next: Pick<CrawlSettings, 'sitemap'>,
): Buffer | null {
  if (hasSeeds && keepSeeds !== null && keepSeeds > 0) return null;
  const named = seedsText.split(' ').filter(Boolean);
  const areUrls = named.every((seed) => /^https?:\/\/./i.test(seed));
  if (named.length === 0 && next.sitemap.length > 0) return null;
  if (named.length > 0 && areUrls)
    return Buffer.from(packSeeds(named.map((url) => ({ url, depth: 0, referrer: null, extras: null }))));
  throw new DroverError('E_NO_SEEDS', `Those of ${crawl} ${whyNone(keepSeeds, settings)}.`);
}

function whyNone(keepSeeds: number | null, settings: CrawlSettings): string {
  if (keepSeeds === null) return 'were not kept: a former version of drover began it';
  if (settings.keepSeeds === 0) return 'were not kept: --keep-seeds is 0';
  if (keepSeeds === 0) return 'take more space than --keep-seeds allows';
  return 'were none';
}
