// drover dead stop: stops a replay, so that no further letter is brought back.
import { stopReplayOn } from '../../src/dead/shards/replays.ts';
import { EXIT } from '../command/failures.ts';
import type { LookOptions } from '../options.ts';
import { runLine } from './replay-lines.ts';
import { withDead } from './session.ts';

/** Resolves with the exit code. Throws E_REPLAY_UNKNOWN. */
export function run([id = '']: string[], options: LookOptions): Promise<number> {
  return withDead(options.settings, async (_, shards) => {
    const stopped = await stopReplayOn(shards, id);
    if (options.json) process.stdout.write(`${JSON.stringify(stopped)}\n`);
    else process.stderr.write(`${runLine(stopped)}\n`);
    return EXIT.recorded;
  });
}
