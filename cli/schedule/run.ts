// drover schedule run: asks for a run now, and says what became of it.
import { setTimeout as sleep } from 'node:timers/promises';
import { catalogue, type ErrorCode } from '../../src/errors.ts';
import { openScheduleQueue } from '../../src/queue/schedule-queue.ts';
import { askForRun, outcomeOf, type RunEnd } from '../../src/schedules/schedules.ts';
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
    const outcome = ended?.outcome ?? 'waiting';
    if (options.json) process.stdout.write(`${JSON.stringify({ name, ...(ended ?? waiting) })}\n`);
    else process.stderr.write(`schedule ${name}: ${sentence(ended)}\n`);
    return outcome === 'started' || outcome === 'waiting' ? EXIT.recorded : EXIT.dead;
  } finally {
    await session.close();
  }
}

const waiting = { outcome: 'waiting', crawl: null, former: null, why: null };

function sentence(ended: RunEnd | null): string {
  if (ended === null) return 'no consumer has started it yet; it starts when one runs';
  const { outcome, crawl, former, why } = ended;
  if (outcome === 'started') return `crawl ${crawl} has begun${former ? `, again as ${former}` : ''}`;
  if (why === null) return `skipped: crawl ${crawl} goes on`;
  return `skipped: ${Object.hasOwn(catalogue, why) ? catalogue[why as ErrorCode].means : ''} (${why})`;
}
