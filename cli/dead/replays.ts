// drover dead replays: lists replays and their progress.
import { listReplaysOn, lookAtReplayOn } from '../../src/dead/shards/replays.ts';
import { EXIT } from '../command/failures.ts';
import type { LookOptions } from '../options.ts';
import { runLine } from './replay-lines.ts';
import { withDead } from './session.ts';

/** Resolves with the exit code. Throws E_REPLAY_UNKNOWN. */
export function run([id]: string[], options: LookOptions): Promise<number> {
  return withDead(options.settings, async (_, shards) => {
    const runs = id ? [await lookAtReplayOn(shards, id)] : await listReplaysOn(shards);
    const lineOf = options.json ? JSON.stringify : runLine;
    for (const run of runs) process.stdout.write(`${lineOf(run)}\n`);
    if (runs.length === 0 && !options.json) process.stdout.write('no replays in the last week\n');
    return EXIT.recorded;
  });
}
