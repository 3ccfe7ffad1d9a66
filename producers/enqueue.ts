// The producer for commands: begins or continues a crawl and offers its seeds.

import { randomUUID } from 'node:crypto';
import type { Readable } from 'node:stream';
import { crawlSettings, type Settings } from '../src/config/settings.ts';
import { type Begun, beginCrawl, leaveCrawl } from '../src/crawl/crawl.ts';
import { createScope } from '../src/crawl/scope.ts';
import type { DroverError } from '../src/errors.ts';
import type { Fleet } from '../src/fleet.ts';
import { type OfferTotals, offerSeeds } from '../src/seeds/offer.ts';
import { checkSitemaps, withSitemaps } from '../src/seeds/sitemaps.ts';
import { checkWebhook } from '../src/webhooks/check.ts';
import { checkSeeds, nameBadLine, seedsFromArguments } from './seeds/arguments.ts';
import { warnedOfContact } from './seeds/contact.ts';

export interface Enqueuing extends Begun {
  /**
   * Offers all seeds and leaves the crawl. If stopped, it does not leave the crawl, and the same command can
   * continue. Rejects with E_FILE and other errors of reading the seeds.
   */
  run(parts: {
    stdin: Readable;
    /** Called with a sentence, safe for a terminal, for each line that is not accepted. */
    onBadLine: (sentence: string) => void;
    /**
     * Called while the producer is held back, with the number of waiting requests, or with the error of a
     * Redis that refuses for now.
     */
    onHeld?: (why: number | DroverError) => void;
    /** Called with a sentence about the crawl as a whole. */
    onNotice: (sentence: string) => void;
    stopped: () => boolean;
  }): Promise<OfferTotals>;
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
  createScope(settings); // throws for a malformed pattern, before anything is accepted
  checkWebhook(settings);
  const rules = { stripParams: settings.stripParams, maxLength: settings.maxUrlLength };
  checkSitemaps(settings.sitemap, seeds, rules);
  await checkSeeds(seeds);
  const producer = randomUUID();
  const crawl = { name, producer, settings: crawlSettings(settings), seeds: seeds.join(' ') };
  const begun = await beginCrawl(fleet, crawl);
  return {
    ...begun,
    async run({ stdin, onBadLine, onHeld, onNotice, stopped }) {
      const given = withSitemaps(seedsFromArguments(seeds, rules, stdin), settings, rules);
      const lines = warnedOfContact(given, settings, onNotice);
      const offering = {
        fleet,
        crawl: begun.id,
        producer,
        lines,
        maxFrontier: settings.maxFrontier,
        stopped,
        ...(onHeld ? { onHeld } : {}),
      };
      const totals = await offerSeeds({ ...offering, onBadLine: (line) => onBadLine(nameBadLine(line)) });
      if (!stopped()) await leaveCrawl(fleet, begun.id, producer);
      return totals;
    },
  };
}
