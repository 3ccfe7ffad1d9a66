// Reads what a schedule is to repeat: the seeds of a command line, and the settings of its crawls.
import { Readable } from 'node:stream';
import type { GivenFlags } from '../src/config/read.ts';
import { crawlSettings, type Settings } from '../src/config/settings.ts';
import { keptAddress } from '../src/config/store-address.ts';
import { newestEnded, readKnownRun, seedsInstead } from '../src/crawl/again.ts';
import { findCrawl, unknownCrawl } from '../src/crawl/crawl.ts';
import { checkLogin } from '../src/crawl/logged-out.ts';
import { createScope } from '../src/crawl/scope.ts';
import { DroverError } from '../src/errors.ts';
import type { Fleet } from '../src/fleet.ts';
import type { Scheduled, ScheduledSeed } from '../src/schedules/schedules.ts';
import { checkSitemaps } from '../src/seeds/sitemaps.ts';
import { urlRulesOf } from '../src/url/normalize.ts';
import { checkWebhook } from '../src/webhooks/check.ts';
import { givenSettings } from './again.ts';
import { nameBadLine, seedsFromArguments, sourcesOf } from './seeds/arguments.ts';

/**
 * Reads the seeds, lists included, as a crawl would. Throws E_FILE, E_USAGE, E_SETTING, E_WEBHOOK, and
 * E_SCHEDULE for a line that is no seed: nobody would see it later.
 */
export async function readScheduled(settings: Settings, seeds: readonly string[]): Promise<Scheduled> {
  createScope(settings);
  checkLogin(settings); // throws for a malformed pattern
  checkWebhook(settings);
  const rules = urlRulesOf(settings);
  checkSitemaps(settings.sitemap, seeds, rules);
  const hasLists = (await sourcesOf(seeds)).some((source) => 'path' in source);
  const kept: ScheduledSeed[] = [];
  const stdin = seeds.includes('-') ? process.stdin : Readable.from([]);
  for await (const { source, line, ...seed } of seedsFromArguments(seeds, rules, stdin)) {
    if ('failure' in seed) throw new DroverError('E_SCHEDULE', `${nameBadLine({ source, line, ...seed })}.`);
    kept.push(seed);
  }
  return {
    // A list is fetched as it is, unless --depth says otherwise.
    settings: { ...crawlSettings(settings), depth: settings.depth ?? (hasLists ? 0 : null) },
    changes: null,
    seeds: kept,
    seedsText: seeds.join(' '),
    store: keptAddress(settings.store),
  };
}

/**
 * What a schedule without seeds is to repeat: the crawl of that name, each time as its former run was, but
 * for the flags of this command line. Throws E_CRAWL_UNKNOWN, E_NO_SEEDS, E_SETTING, E_WEBHOOK, and
 * E_SCHEDULE for the id of a run: then others would follow it under a name of its own.
 */
export async function readRepeated(
  fleet: Fleet,
  name: string,
  own: Settings,
  given: GivenFlags,
): Promise<Scheduled> {
  const newest = await fleet.redis.hget(fleet.keys.newestOfName, name);
  if (newest === null) {
    const run = await readKnownRun(fleet, await findCrawl(fleet, name));
    throw new DroverError('E_SCHEDULE', `${name} is a run: write ${run?.name}, the name of its crawl.`);
  }
  // The first run may go on still.
  const run = (await newestEnded(fleet, name)) ?? (await readKnownRun(fleet, newest));
  if (!run) throw await unknownCrawl(fleet, name);
  const changes = givenSettings(own, given);
  const settings = { ...run.settings, ...changes };
  createScope(settings);
  checkLogin(settings); // throws for a malformed pattern
  checkWebhook({ ...own, ...settings });
  seedsInstead(run, settings);
  const store = given.store === undefined ? '' : keptAddress(own.store);
  return { settings, changes, seeds: [], seedsText: '', store };
}
