// drover schedule remove: removes a schedule.
import { openScheduleQueue } from '../../src/queue/schedule-queue.ts';
import { removeSchedule } from '../../src/schedules/schedules.ts';
import { EXIT } from '../command/failures.ts';
import { openSession } from '../command/session.ts';
import type { LookOptions } from '../options.ts';

/** Resolves with the exit code. Throws E_SCHEDULE_UNKNOWN. */
export async function run([name = '']: string[], options: LookOptions): Promise<number> {
  const session = await openSession(options.settings);
  try {
    await removeSchedule(session.fleet, openScheduleQueue(session.fleet), name);
    if (options.json) process.stdout.write(`${JSON.stringify({ name })}\n`);
    else process.stderr.write(`schedule ${name} is removed; its crawls stay\n`);
    return EXIT.recorded;
  } finally {
    await session.close();
  }
}
