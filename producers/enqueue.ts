// The producer for commands: begins or continues a crawl and offers its seeds.

import { randomUUID } from 'node:crypto';
import { crawlSettings, type Settings } from '../src/config/settings.ts';
import { type Begun, beginCrawl } from '../src/crawl/crawl.ts';
import { checkLogin } from '../src/crawl/logged-out.ts';
import { createScope } from '../src/crawl/scope.ts';
import type { Fleet } from '../src/fleet.ts';
import { checkSitemaps, withSitemaps } from '../src/seeds/sitemaps.ts';
import { urlRulesOf } from '../src/url/normalize.ts';
import { checkWebhook } from '../src/webhooks/check.ts';
import { checkSeeds, seedsFromArguments } from './seeds/arguments.ts';
import { depthOfSeeds } from './seeds/list-depth.ts';
import { type EnqueuedSeeds, offerArguments, type SeedListeners } from './seeds/offer-arguments.ts';

export interface Enqueuing extends Begun {
  /** Those of the crawl, and the process's own. */
  settings: Settings;
  /** What will be fetched, as a sentence, where the user may expect something else: of lists. */
  intent: string | null;
  /**
   * Offers all seeds and leaves the crawl. If stopped, it does not leave the crawl, and the same command can
   * continue. Rejects with E_FILE and other errors of reading the seeds.
   */
  run(listeners: SeedListeners): Promise<EnqueuedSeeds>;
}

/**
 * Begins the crawl `name`, or continues an unfinished one. The seeds are URLs, files or '-', as on the
 * command line. Throws E_SETTING, E_FILE, E_USAGE or E_WEBHOOK before anything has begun.
 */
export async function enqueue(parts: {
  fleet: Fleet;
  settings: Settings;
  name: string;
  seeds: string[];
}): Promise<Enqueuing> {
  const { fleet, settings, name, seeds } = parts;
  createScope(settings);
  checkLogin(settings); // throws for a malformed pattern, before anything is accepted
  checkWebhook(settings);
  const rules = urlRulesOf(settings);
  checkSitemaps(settings.sitemap, seeds, rules);
  await checkSeeds(seeds);
  const producer = randomUUID();
  const { depth, sentence } = await depthOfSeeds(fleet, { name, seeds, given: settings.depth });
  const begun = await beginCrawl(fleet, {
    ...{ name, producer, settings: { ...crawlSettings(settings), depth }, seeds: seeds.join(' ') },
    store: settings.store,
  });
  return {
    ...begun,
    settings,
    intent: sentence,
    run: (listeners) =>
      offerArguments(
        {
          ...{ fleet, settings, crawl: begun.id, producer },
          lines: (stdin) => withSitemaps(seedsFromArguments(seeds, rules, stdin), settings, rules),
        },
        listeners,
      ),
  };
}
