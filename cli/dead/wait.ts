// Waits for the runs of a replay. The runs go on without a waiting command.

import type { DeadShard } from '../../src/dead/read.ts';
import type { ReplayRun } from '../../src/dead/replay-runs.ts';
import { lookAtReplayOn } from '../../src/dead/shards/replays.ts';
import { homeOfShard, redisTimeMs } from '../../src/fleet.ts';
import { EXIT } from '../command/failures.ts';
import { OWN_COMMAND } from '../command/own-command.ts';
import { runLine } from './replay-lines.ts';

const READ_EVERY_MS = 200;
/** After this time without progress the user is told why, since perhaps no consumer runs. */
const QUIET_MS = 5000;

/**
 * Resolves when all runs have ended, or at Ctrl-C, after which the runs go on. `aloud` prints how each run
 * ended on stderr. The exit code is 0 only if all matching letters were recorded.
 */
export async function waitForRuns(
  shards: readonly DeadShard[],
  begun: readonly ReplayRun[],
  aloud: boolean,
): Promise<{ runs: ReplayRun[]; exitCode: number }> {
  const stop = onSignal();
  const say = (line: string) => aloud && process.stderr.write(`${line}\n`);
  let runs = [...begun];
  let moved = { state: '', at: performance.now() };
  const ended = new Set<string>();
  for (;;) {
    runs = await Promise.all(runs.map((run) => (run.endedAt ? run : lookAtReplayOn(shards, run.id))));
    for (const run of runs.filter(({ id, endedAt }) => endedAt && !ended.has(id))) {
      ended.add(run.id);
      say(runLine(run));
    }
    if (ended.size === runs.length) break;
    const state = JSON.stringify(runs);
    if (state !== moved.state) moved = { state, at: performance.now() };
    else if (performance.now() - moved.at > QUIET_MS) {
      say(await whyQuiet(shards[0] as DeadShard));
      moved = { state, at: Number.POSITIVE_INFINITY };
    }
    if (await stop.within(READ_EVERY_MS)) {
      say(`the replays go on; see them with: ${OWN_COMMAND} dead replays`);
      break;
    }
  }
  stop.done();
  const came = runs.every(({ phase, recorded, total }) => phase === 'done' && recorded >= total);
  const all = ended.size === runs.length;
  return { runs, exitCode: !all ? EXIT.interrupted : came ? EXIT.recorded : EXIT.dead };
}

async function whyQuiet(shard: DeadShard): Promise<string> {
  const fleet = homeOfShard(shard.fleet);
  const consumers = await fleet.redis.zcount(fleet.keys.consumers, await redisTimeMs(fleet), '+inf');
  return consumers === 0
    ? `no progress: no consumer is running; start one with: ${OWN_COMMAND} consume`
    : 'no progress for now: hosts or crawls may be paused, or hosts slow; still waiting';
}

/** The first SIGINT or SIGTERM ends the wait; a second one ends the program as usual. */
function onSignal(): { within(ms: number): Promise<boolean>; done(): void } {
  let resolve: () => void = () => undefined;
  const signal = new Promise<boolean>((settle) => {
    resolve = () => settle(true);
  });
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, resolve);
  return {
    async within(ms) {
      let timer: NodeJS.Timeout | undefined;
      const time = new Promise<boolean>((settle) => {
        timer = setTimeout(() => settle(false), ms);
      });
      const asked = await Promise.race([signal, time]);
      clearTimeout(timer);
      return asked;
    },
    done() {
      for (const name of ['SIGINT', 'SIGTERM'] as const) process.off(name, resolve);
    },
  };
}
