// Begins a crawl again, with the settings and the seeds of its former run (--again).
import type { CrawlSettings } from '../config/settings.ts';
import { formerRunOf, lookUpAgain, type Repetition, seedsInstead } from '../crawl/again.ts';
import { type Begun, beginCrawl, storeOf } from '../crawl/crawl.ts';
import type { Fleet } from '../fleet.ts';
import { urlRulesOf } from '../url/normalize.ts';
import { keptSeeds } from './kept.ts';
import { allowHosts, type OfferedLine } from './offer.ts';
import { parseSeed } from './read.ts';
import { checkSitemaps, withSitemaps } from './sitemaps.ts';

export interface AgainWish {
  /** A name, or the id of a run. */
  again: string;
  /** What the user calls it. */
  given?: string;
  /** Called with the address of the new run's store, and with its settings, before it begins. */
  prepare?(store: string, settings: CrawlSettings): Promise<void>;
  /** The settings of the former run, or of the unfinished one, are given to it; it returns the new ones. */
  settingsOf(former: CrawlSettings): CrawlSettings;
  producer: string;
  /** The store that the user named; null for that of the former run. */
  store: string | null;
  /** False for a caller of the API: private hosts that its seeds named are not allowed again. */
  mayNameHosts: boolean;
  /** The sitemaps that the user names now, in place of those of the former run. */
  sitemaps: readonly string[];
}

export interface BegunAgain extends Begun {
  repetition: Repetition;
  settings: CrawlSettings;
  /** The seeds of the crawl, with what its sitemaps add; see keptSeeds. They are kept already. */
  lines(): AsyncGenerator<OfferedLine>;
}

/**
 * Begins a new run with the settings and seeds of the former one, or goes on with one that was begun so.
 * Throws as lookUpAgain, seedsInstead, checkSitemaps and beginCrawl do, and what `settingsOf` throws; then
 * nothing has begun.
 */
export async function beginAgain(fleet: Fleet, wish: AgainWish): Promise<BegunAgain> {
  const { producer, mayNameHosts } = wish;
  const repetition = await lookUpAgain(fleet, wish.again, wish.given);
  const { name, former, open } = repetition;
  const base = open ?? former;
  // lookUpAgain finds one of them.
  if (!base) throw new Error(`nothing to repeat for ${name}`);
  const settings = wish.settingsOf(base.settings);
  const rules = urlRulesOf(settings);
  checkSitemaps(settings.sitemap, ['of the former run'], rules);
  const store = wish.store ?? (base.store || null);
  await wish.prepare?.(storeOf(store), settings);
  const begun = await beginCrawl(fleet, {
    ...{ name, producer, settings, seeds: base.seedsText, store },
    again: {
      former: former && formerRunOf(former, settings),
      seeds: former && !open ? seedsInstead(former, settings) : null,
      mayNameHosts,
    },
  });
  const sitemaps = wish.sitemaps.map((each) => parseSeed(each, rules));
  if (mayNameHosts)
    await allowHosts(
      fleet,
      begun.id,
      sitemaps.flatMap((seed) => ('input' in seed ? [seed.input] : [])),
    );
  const lines = () => withSitemaps(keptSeeds(fleet, begun.id, rules), settings, rules);
  return { ...begun, repetition, settings, lines };
}
