// drover schedule add: keeps a crawl that begins by the clock.
import { readScheduled } from '../../producers/schedule.ts';
import type { GivenFlags } from '../../src/config/read.ts';
import { type CrawlSettings, namesOf, type Settings, storedSettings } from '../../src/config/settings.ts';
import { findCrawl } from '../../src/crawl/crawl.ts';
import { DroverError } from '../../src/errors.ts';
import type { Fleet } from '../../src/fleet.ts';
import { openScheduleQueue } from '../../src/queue/schedule-queue.ts';
import { checkCron, ownZone } from '../../src/schedules/cron.ts';
import { addSchedule, type NewSchedule } from '../../src/schedules/schedules.ts';
import { EXIT } from '../command/failures.ts';
import { openSession } from '../command/session.ts';
import type { AddScheduleOptions } from './options.ts';

/** Resolves with the exit code. Throws E_SCHEDULE, E_SCHEDULE_EXISTS, E_CRAWL_UNKNOWN, E_FILE, E_WEBHOOK. */
export async function run(
  [cron = '', name = '', ...seeds]: string[],
  options: AddScheduleOptions,
): Promise<number> {
  const zone = options.tz ?? ownZone();
  checkCron({ cron, zone }, Date.now());
  const session = await openSession(options.settings);
  const { fleet, settings } = session;
  try {
    const hasSeeds = seeds.length + settings.sitemap.length > 0;
    const scheduled = hasSeeds
      ? await readScheduled(settings, seeds)
      : await repeated(fleet, name, settings, options.settings);
    const schedule: NewSchedule = { name, cron, zone, ...scheduled };
    const next = await addSchedule(fleet, openScheduleQueue(fleet), schedule, options.replace);
    const first = new Date(next).toISOString();
    if (options.json) process.stdout.write(`${JSON.stringify({ name, cron, zone, next: first })}\n`);
    else process.stderr.write(`schedule ${name}: ${cron} in ${zone}, for the first time at ${first}\n`);
    return EXIT.recorded;
  } finally {
    process.stdin.destroy();
    await session.close();
  }
}

/**
 * What the newest crawl of that name was given, with the flags that are given now in their place; if its
 * seeds were URLs, for lists may have changed or gone.
 */
async function repeated(fleet: Fleet, name: string, own: Settings, given: GivenFlags) {
  const crawl = await findCrawl(fleet, name);
  const [text, seeds, store] = await fleet.redis.hmget(
    fleet.keys.crawl(crawl),
    ...['settings', 'seeds', 'store'],
  );
  const flags = namesOf('crawl').filter((each) => given[each] !== undefined);
  const changed = Object.fromEntries(flags.map((each) => [each, own[each]]));
  const settings: CrawlSettings = { ...storedSettings(text), ...changed };
  const urls = (seeds ?? '').split(' ').filter(Boolean);
  if (!urls.every((url) => /^https?:/i.test(url)) || urls.length + settings.sitemap.length === 0)
    throw new DroverError(
      'E_SCHEDULE',
      `The seeds of crawl ${crawl} were not URLs alone (${seeds}): give the seeds after the name.`,
    );
  const scheduled = await readScheduled({ ...own, ...settings }, urls);
  return { ...scheduled, settings, store: own.store === null ? (store ?? '') : scheduled.store };
}
