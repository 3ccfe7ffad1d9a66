// The session of a command that fetches.
import { type GivenFlags, readSettings } from '../../src/config/read.ts';
import { createHandlerChoice } from '../../src/handlers/choose.ts';
import { loadHandlers } from '../../src/handlers/load.ts';
import { type Log, openLog } from '../../src/log.ts';
import { openStoreSession, type StoreSession } from './store-session.ts';

export interface ConsumerSession extends StoreSession {
  log: Log;
}

/**
 * Its handlers are loaded first, so that a wrong file ends the command before anything has begun. Throws
 * E_HANDLER_FILE, E_FILE (the log), and what openSession throws.
 */
export async function openConsumerSession(flags: GivenFlags): Promise<ConsumerSession> {
  createHandlerChoice(await loadHandlers((await readSettings(flags)).handlers));
  const session = await openStoreSession(flags);
  try {
    return { ...session, log: await openLog(session.settings) };
  } catch (error) {
    await session.close();
    throw error;
  }
}
