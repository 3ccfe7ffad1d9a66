// Reads what a schedule is to repeat: the seeds of a command line, and the settings of its crawls.
import { Readable } from 'node:stream';
import { crawlSettings, type Settings } from '../src/config/settings.ts';
import { keptAddress } from '../src/config/store-address.ts';
import { createScope } from '../src/crawl/scope.ts';
import { DroverError } from '../src/errors.ts';
import type { NewSchedule, ScheduledSeed } from '../src/schedules/schedules.ts';
import { checkSitemaps } from '../src/seeds/sitemaps.ts';
import { urlRulesOf } from '../src/url/normalize.ts';
import { checkWebhook } from '../src/webhooks/check.ts';
import { nameBadLine, seedsFromArguments, sourcesOf } from './seeds/arguments.ts';

/**
 * Reads the seeds, lists included, as a crawl would. Throws E_FILE, E_USAGE, E_SETTING, E_WEBHOOK, and
 * E_SCHEDULE for a line that is no seed: nobody would see it later.
 */
export async function readScheduled(
  settings: Settings,
  seeds: readonly string[],
): Promise<Omit<NewSchedule, 'name' | 'cron' | 'zone'>> {
  createScope(settings); // throws for a malformed pattern
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
    seeds: kept,
    seedsText: seeds.join(' '),
    store: keptAddress(settings.store),
  };
}
