// The session of a command that reads or writes records.
import type { GivenFlags } from '../../src/config/read.ts';
import { openStores, type RecordStores } from '../../src/records/stores.ts';
import { openSession, type Session } from './session.ts';

export interface StoreSession extends Session {
  stores: RecordStores;
}

/** Throws what openSession throws. */
export async function openStoreSession(flags: GivenFlags): Promise<StoreSession> {
  const session = await openSession(flags);
  const stores = openStores(session.settings);
  return {
    ...session,
    stores,
    async close() {
      await stores.close();
      await session.close();
    },
  };
}
