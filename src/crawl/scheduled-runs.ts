// The ended runs that schedules need: the next run of a schedule repeats the newest one of its name.
import { DroverError } from '../errors.ts';
import type { Fleet } from '../fleet.ts';
import { newestEnded } from './again.ts';

export interface ScheduledRun {
  /** The schedule whose next run goes by this one. */
  schedule: string;
  /** The schedule has no seeds of its own, so without this run it could not go on. */
  needsSeeds: boolean;
}

/** By the id of the run. */
export async function scheduledRuns(fleet: Fleet): Promise<Map<string, ScheduledRun>> {
  const { redis, keys } = fleet;
  const found = new Map<string, ScheduledRun>();
  for (const schedule of await redis.zrange(keys.schedules, '0', '-1')) {
    const run = await newestEnded(fleet, schedule);
    if (!run) continue;
    const needsSeeds = (await redis.hexists(keys.schedule(schedule), 'again')) === 1;
    found.set(run.crawl, { schedule, needsSeeds });
  }
  return found;
}

/** Throws E_CRAWL_SCHEDULED for a run without which a schedule could not go on. */
export async function checkNotScheduled(fleet: Fleet, crawl: string): Promise<void> {
  const run = (await scheduledRuns(fleet)).get(crawl);
  if (run?.needsSeeds)
    throw new DroverError('E_CRAWL_SCHEDULED', `The schedule ${run.schedule} repeats ${crawl}.`);
}
