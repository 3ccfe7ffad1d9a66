// drover dead replays: lists replays and their progress.
import { listReplays, lookAtReplay } from '../../src/dead/replay-runs.ts';
import { EXIT } from '../command/failures.ts';
import type { LookOptions } from '../options.ts';
import { runLine } from './replay-lines.ts';
import { withDead } from './session.ts';

/** Resolves with the exit code. Throws E_REPLAY_UNKNOWN. */
export function run([id]: string[], options: LookOptions): Promise<number> {
  return withDead(options.settings, async ({ fleet }) => {
    const runs = id ? [await lookAtReplay(fleet, id)] : await listReplays(fleet);
    const lineOf = options.json ? JSON.stringify : runLine;
    for (const run of runs) process.stdout.write(`${lineOf(run)}\n`);
    if (runs.length === 0 && !options.json) process.stdout.write('no replays in the last week\n');
    return EXIT.recorded;
  });
}
