// The producer for commands with --again: begins the next run of a crawl and offers the seeds that were kept.
import { randomUUID } from 'node:crypto';
import type { GivenFlags } from '../src/config/read.ts';
import { type CrawlSettings, crawlSettings, namesOf, type Settings } from '../src/config/settings.ts';
import { keptAddress } from '../src/config/store-address.ts';
import type { Repetition } from '../src/crawl/again.ts';
import { lookUpRecords, otherRecordFolders } from '../src/crawl/kept-records.ts';
import { checkLogin } from '../src/crawl/logged-out.ts';
import { createScope } from '../src/crawl/scope.ts';
import type { Fleet } from '../src/fleet.ts';
import { openStores, type RecordStores } from '../src/records/stores.ts';
import { beginAgain } from '../src/seeds/again.ts';
import { checkWebhook } from '../src/webhooks/check.ts';
import type { Enqueuing } from './enqueue.ts';
import { offerArguments } from './seeds/offer-arguments.ts';

/**
 * Of a crawl's settings, those that this command line gives; others are those of the former run. --only-due
 * is about one run alone.
 */
export function givenSettings(settings: Settings, given: GivenFlags): Partial<CrawlSettings> {
  const names = namesOf('crawl').filter((name) => given[name] !== undefined);
  const { onlyDue = false } = given;
  return { ...Object.fromEntries(names.map((name) => [name, settings[name]])), onlyDue: onlyDue === true };
}

/**
 * Begins the next run of the crawl `again` (a name, or the id of a run), or goes on with one that was begun
 * so. `given`: the flags of this command line. Throws E_CRAWL_UNKNOWN, E_CRAWL_OPEN, E_NO_SEEDS, E_SETTING,
 * E_STORE_OTHER and E_WEBHOOK before anything has begun.
 */
export async function enqueueAgain(parts: {
  fleet: Fleet;
  settings: Settings;
  given: GivenFlags;
  again: string;
  /**
   * Given if the crawl is fetched here: it is called, and the store is tried, before anything begins. What
   * they throw is thrown.
   */
  prepare?: (settings: Settings) => Promise<void>;
}): Promise<Enqueuing> {
  const stores = openStores(parts.settings);
  try {
    return await enqueueWith(stores, parts);
  } finally {
    await stores.close();
  }
}

async function enqueueWith(
  stores: RecordStores,
  { fleet, settings: own, given, again, prepare }: Parameters<typeof enqueueAgain>[0],
): Promise<Enqueuing> {
  const overrides = givenSettings(own, given);
  const producer = randomUUID();
  const begun = await beginAgain(fleet, {
    ...{ again, producer, mayNameHosts: true, sitemaps: overrides.sitemap ?? [] },
    store: given.store === undefined ? null : keptAddress(own.store),
    async prepare(store, settings) {
      if (!prepare) return;
      await prepare({ ...own, ...settings });
      await stores.at(store).prepare();
    },
    settingsOf(former) {
      const settings = { ...former, ...overrides };
      createScope(settings);
      checkLogin(settings); // throws for a malformed pattern
      checkWebhook({ ...own, ...settings });
      return crawlSettings({ ...own, ...settings });
    },
  });
  const { id, fresh, repetition, lines } = begun;
  const settings: Settings = { ...own, ...begun.settings };
  return {
    ...{ id, fresh, settings },
    intent: await intentOf({ fleet, stores }, repetition),
    run: (listeners) =>
      offerArguments({ fleet, settings, crawl: id, producer, lines, isAgain: true }, listeners),
  };
}

async function intentOf(
  { fleet, stores }: { fleet: Fleet; stores: RecordStores },
  { former }: Repetition,
): Promise<string> {
  if (!former) return 'the run that it repeats is forgotten, so pages are fetched whole';
  const { crawl, state, endedAt, recorded } = former;
  const when = `${state} ${new Date(endedAt).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
  const repeats = `again as ${crawl} (${when})`;
  if (recorded === 0) return repeats;
  const kept = await lookUpRecords(fleet, crawl);
  const store = stores.at(kept.store);
  // Consumers on other machines may have them.
  const isGone = (await store.size(kept.folder)) === 0 && otherRecordFolders(kept, store).length === 0;
  return isGone ? `${repeats}; its records are gone, so pages are fetched whole` : repeats;
}
