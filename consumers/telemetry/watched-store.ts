// A store that measures how long each record takes to be durable, and how old the oldest pending record is.
import type { RecordStore } from '../../src/records/store.ts';

export interface WatchedStore extends RecordStore {
  /** The age of the oldest record that is not durable yet, in milliseconds; 0 when all are. */
  lagMs(): number;
}

/** Calls `note` with the milliseconds that each record took, failed ones included. */
export function watchStore(store: RecordStore, note: (ms: number) => void): WatchedStore {
  /** In the order in which they came. */
  const pending = new Set<{ since: number }>();
  return {
    async write(record, claim, recordsFolder) {
      const entry = { since: performance.now() };
      pending.add(entry);
      try {
        await store.write(record, claim, recordsFolder);
      } finally {
        pending.delete(entry);
        note(performance.now() - entry.since);
      }
    },
    close: () => store.close(),
    lagMs() {
      const [oldest] = pending;
      return oldest ? performance.now() - oldest.since : 0;
    },
  };
}
