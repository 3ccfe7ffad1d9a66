// drover drain: consumers finish what they have and take no more, so that the primary of Redis can be
// switched.
import { setTimeout as sleep } from 'node:timers/promises';
import { drainFleet, jobsInHand } from '../../src/queue/drain.ts';
import { readReplication } from '../../src/redis/facts.ts';
import { EXIT } from '../command/failures.ts';
import { OWN_COMMAND } from '../command/own-command.ts';
import { openSession } from '../command/session.ts';
import type { LookOptions } from '../options.ts';
import { counted } from '../terminal/figures.ts';

const LOOK_MS = 200;
/** How long the replicas may take to have what the primary has. */
const REPLICAS_MS = 5000;

/** Resolves with the exit code when no job is in hand. */
export async function run(_args: string[], options: LookOptions): Promise<number> {
  const session = await openSession(options.settings);
  const { fleet } = session;
  const say = (line: string) => void (options.json || process.stderr.write(`${line}\n`));
  try {
    const changed = await drainFleet(fleet);
    let told = 0;
    for (let left = await jobsInHand(fleet); left > 0; left = await jobsInHand(fleet)) {
      if (left !== told) say(`no more jobs are taken; ${counted(left, 'job')} in hand`);
      told = left;
      await sleep(LOOK_MS);
    }
    const { replicas } = await readReplication(fleet.redis);
    // Written last on this connection, so that WAIT counts who has everything up to here.
    await fleet.redis.hset(fleet.keys.queueState, 'paused', '1');
    const confirmed = replicas ? await fleet.redis.wait(replicas, REPLICAS_MS) : 0;
    if (options.json)
      process.stdout.write(`${JSON.stringify({ drained: true, changed, replicas, confirmed })}\n`);
    const have = replicas ? `; ${confirmed} of ${counted(replicas, 'replica')} confirmed all of it` : '';
    say(`the fleet is drained: no job is in hand${have}`);
    say(`switch the primary now, and then let it go on with: ${OWN_COMMAND} resume`);
    return EXIT.recorded;
  } finally {
    await session.close();
  }
}
