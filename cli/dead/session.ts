// A session for commands about dead letters, with the queue that holds them.
import type { GivenFlags } from '../../src/config/read.ts';
import { openQueue, type RequestQueue } from '../../src/queue/queue.ts';
import { openSession, type Session } from '../command/session.ts';

/** Runs `work` and closes the session, whatever happens. Throws what openSession and `work` throw. */
export async function withDead(
  flags: GivenFlags,
  work: (session: Session, queue: RequestQueue) => Promise<number>,
): Promise<number> {
  const session = await openSession(flags);
  try {
    return await work(session, openQueue(session.fleet));
  } finally {
    await session.close();
  }
}
