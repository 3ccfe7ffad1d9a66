// What a schedule would begin now: the settings and seeds of the next run, and the run by which it asks what
// has changed.
import type { CrawlSettings } from '../config/settings.ts';
import { type FoundRun, formerRunOf, newestEnded, seedsInstead } from '../crawl/again.ts';
import type { FormerRun } from '../crawl/former-run.ts';
import { DroverError, type ErrorCode } from '../errors.ts';
import type { Fleet } from '../fleet.ts';
import type { KeptSchedule } from './schedules.ts';

export interface NextRun {
  /** Because of which no crawl can begin; null if one can. */
  why: ErrorCode | null;
  settings: CrawlSettings;
  /** The seeds as the user named them. */
  seedsText: string;
  /** The address of its store, without password; '' for files. */
  store: string;
  /** Null for the first run of a schedule with seeds of its own. */
  former: FormerRun | null;
  /** In place of the seeds that the former run keeps, as a block; null for these. */
  seeds: Buffer | null;
}

/** Changes nothing. */
export async function nextRunOf(fleet: Fleet, name: string, schedule: KeptSchedule): Promise<NextRun> {
  const former = await newestEnded(fleet, name);
  const { settings, seedsText, store } = schedule;
  const own: NextRun = { why: null, settings, seedsText, store, former: null, seeds: null };
  if (schedule.changes === null) return { ...own, former: former && formerRunOf(former, settings) };
  return former ? repeated(own, former, schedule.changes) : { ...own, why: 'E_CRAWL_UNKNOWN' };
}

function repeated(own: NextRun, run: FoundRun, changes: Partial<CrawlSettings>): NextRun {
  const settings = { ...run.settings, ...changes };
  try {
    const seeds = seedsInstead(run, settings);
    const { seedsText } = run;
    const store = own.store || run.store;
    return { why: null, settings, seedsText, store, former: formerRunOf(run, settings), seeds };
  } catch (error) {
    if (error instanceof DroverError) return { ...own, why: error.code };
    throw error;
  }
}
