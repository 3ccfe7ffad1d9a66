// Adaptive revisit: how long after a visit a page is due again. What changes often comes sooner.
import type { CrawlSettings } from '../../src/config/settings.ts';
import type { CrawlRecord } from '../../src/record.ts';

/** A page that was still the same after some time is due again after this many times as long. */
const LONGER = 1.5;
/** One that had changed meanwhile. */
const SHORTER = 0.5;

/**
 * For the record's `revisitMs`. `ageMs`: the time between this visit and the one before; null if there was
 * none, or it failed. Such a page is due again after the shortest time.
 */
export function revisitAfter(
  { ageMs, isUnchanged }: { ageMs: number | null; isUnchanged: boolean },
  { revisitMin, revisitMax }: Pick<CrawlSettings, 'revisitMin' | 'revisitMax'>,
): number {
  const wanted = ageMs === null ? revisitMin : Math.round(ageMs * (isUnchanged ? LONGER : SHORTER));
  return Math.max(revisitMin, Math.min(revisitMax, wanted));
}

/** Whether the page is to be asked for at `nowMs` (since 1970). It is when no run has set a time for it. */
export function isDue({ fetchedAt, revisitMs }: CrawlRecord, nowMs: number): boolean {
  return (revisitMs ?? null) === null || Date.parse(fetchedAt) + (revisitMs ?? 0) <= nowMs;
}
