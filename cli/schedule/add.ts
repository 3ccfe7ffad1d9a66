// drover schedule add: keeps a crawl that begins by the clock.
import { readRepeated, readScheduled } from '../../producers/schedule.ts';
import { openScheduleQueue } from '../../src/queue/schedule-queue.ts';
import { checkCron, ownZone } from '../../src/schedules/cron.ts';
import { addSchedule, type NewSchedule } from '../../src/schedules/schedules.ts';
import { EXIT } from '../command/failures.ts';
import { openSession } from '../command/session.ts';
import type { AddScheduleOptions } from './options.ts';

/**
 * Resolves with the exit code. Throws E_SCHEDULE, E_SCHEDULE_EXISTS, E_CRAWL_UNKNOWN, E_NO_SEEDS, E_FILE,
 * E_WEBHOOK.
 */
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
      : await readRepeated(fleet, name, settings, options.settings);
    const schedule: NewSchedule = { name, cron, zone, ...scheduled };
    const next = await addSchedule(fleet, openScheduleQueue(fleet), schedule, options.replace);
    const first = new Date(next).toISOString();
    const again = schedule.changes !== null;
    const repeats = again ? '; each run repeats the one before it' : '';
    if (options.json) process.stdout.write(`${JSON.stringify({ name, cron, zone, again, next: first })}\n`);
    else
      process.stderr.write(
        `schedule ${name}: ${cron} in ${zone}, for the first time at ${first}${repeats}\n`,
      );
    return EXIT.recorded;
  } finally {
    process.stdin.destroy();
    await session.close();
  }
}
