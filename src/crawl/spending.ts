// What a crawl may pay for pages, and has paid (pay per crawl). The ceiling holds over the whole fleet.
import type { CrawlSettings } from '../config/settings.ts';
import { DroverError } from '../errors.ts';
import type { Fleet } from '../fleet.ts';
import { type Price, priceText, readPrice } from '../identity/price.ts';
import { defineScript } from '../scripts.ts';

interface Reserving {
  crawl: string;
  /** The most that the page may cost. */
  most: Price;
  /** That of the whole crawl. */
  ceiling: Price;
}

const reserveScript = defineScript({
  path: 'crawl/lua/reserve-spending.lua',
  key: (keys, { crawl }: Reserving) => keys.crawl(crawl),
  args: ({ crawl, most, ceiling }: Reserving) => [crawl, most.micros, ceiling.micros],
  answer: (reply) => reply === 1,
});

interface Charged {
  crawl: string;
  reserved: Price;
  charged: Price;
}

const chargeScript = defineScript({
  path: 'crawl/lua/note-charge.lua',
  key: (keys, { crawl }: Charged) => keys.crawl(crawl),
  args: ({ crawl, reserved, charged }: Charged) => [
    ...[crawl, reserved.micros, charged.micros, charged.currency],
  ],
  answer: () => undefined,
});

/** Whether the crawl's ceiling has room for the page. If so, that much counts as spent. Atomic. */
export function reserveSpending(fleet: Fleet, reserving: Reserving): Promise<boolean> {
  return fleet.run(reserveScript, reserving);
}

/** Counts what was charged in place of what was reserved. Atomic; to be called once for a reservation. */
export function noteCharge(fleet: Fleet, charged: Charged): Promise<void> {
  return fleet.run(chargeScript, charged);
}

/** The ceiling of a page and of the crawl; null when the crawl pays for nothing. */
export interface Spending {
  readonly mostOfPage: Price;
  readonly ceiling: Price;
}

/** Throws E_SETTING when not all is given that it takes to pay. */
export function spendingOf({
  maxPrice,
  maxSpend,
  identity,
}: Pick<CrawlSettings, 'maxPrice' | 'maxSpend' | 'identity'>): Spending | null {
  if (!maxPrice && !maxSpend) return null;
  const [mostOfPage, ceiling] = [readPrice(maxPrice ?? ''), readPrice(maxSpend ?? '')];
  if (!mostOfPage || !ceiling)
    throw new DroverError('E_SETTING', '--max-price and --max-spend belong together.');
  if (mostOfPage.currency !== ceiling.currency)
    throw new DroverError('E_SETTING', '--max-price and --max-spend must be in the same currency.');
  if (!identity)
    throw new DroverError('E_SETTING', '--max-price needs --identity: who pays must have signed.');
  return { mostOfPage, ceiling };
}

/** What a crawl was charged in all, by the fields of its hash; null if nothing. */
export function chargedOf({ charged, chargedIn }: Readonly<Record<string, string>>): string | null {
  return chargedIn ? priceText({ currency: chargedIn, micros: Number(charged ?? 0) }) : null;
}
