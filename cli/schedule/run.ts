// drover schedule run: asks for a run now, and says what became of it.
import { setTimeout as sleep } from 'node:timers/promises';
import { openScheduleQueue } from '../../src/queue/schedule-queue.ts';
import { askForRun, outcomeOf } from '../../src/schedules/schedules.ts';
import { EXIT } from '../command/failures.ts';
import { openSession } from '../command/session.ts';
import type { LookOptions } from '../options.ts';

/** How long a consumer may take to start it before the command says that none has. */
const PATIENCE_MS = 5000;
const STEP_MS = 50;

/** Resolves with the exit code: 1 when the run was skipped. Throws E_SCHEDULE_UNKNOWN. */
export async function run([name = '']: string[], options: LookOptions): Promise<number> {
  const session = await openSession(options.settings);
  const { fleet } = session;
  try {
    const due = await askForRun(fleet, openScheduleQueue(fleet), name);
    const deadline = performance.now() + PATIENCE_MS;
    let ended = await outcomeOf(fleet, name, due);
    while (!ended && performance.now() < deadline) {
      await sleep(STEP_MS);
      ended = await outcomeOf(fleet, name, due);
    }
    const { outcome, crawl } = ended ?? { outcome: 'waiting' as const, crawl: null };
    const said = {
      started: `crawl ${crawl} has begun`,
      skipped: `skipped: crawl ${crawl} goes on`,
      waiting: 'no consumer has started it yet; it starts when one runs',
    };
    if (options.json) process.stdout.write(`${JSON.stringify({ name, outcome, crawl })}\n`);
    else process.stderr.write(`schedule ${name}: ${said[outcome]}\n`);
    return outcome === 'started' || outcome === 'waiting' ? EXIT.recorded : EXIT.dead;
  } finally {
    await session.close();
  }
}
