// A session for commands about dead letters, with the shards that hold them.
import type { GivenFlags } from '../../src/config/read.ts';
import type { DeadShard } from '../../src/dead/read.ts';
import { deadShards } from '../../src/dead/shards/letters.ts';
import { openQueues } from '../../src/queue/queue.ts';
import { openSession, type Session } from '../command/session.ts';

/** Runs `work` and closes the session, whatever happens. Throws what openSession and `work` throw. */
export async function withDead(
  flags: GivenFlags,
  work: (session: Session, shards: readonly DeadShard[]) => Promise<number>,
): Promise<number> {
  const session = await openSession(flags);
  try {
    return await work(session, deadShards(session.fleet, openQueues(session.fleet)));
  } finally {
    await session.close();
  }
}
