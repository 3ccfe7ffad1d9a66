// Stores that measure how long each record takes to be durable, and how old the oldest pending record is.
import type { RecordWriter } from '../../src/records/store.ts';
import type { RecordWriters } from '../../src/records/stores.ts';

export interface WatchedStores extends RecordWriters {
  /** The age of the oldest record that is not durable yet, in milliseconds; 0 when all are. */
  lagMs(): number;
}

/** Calls `note` with the milliseconds that each record took, failed ones included. */
export function watchStores(stores: RecordWriters, note: (ms: number) => void): WatchedStores {
  /** In the order in which they came. */
  const pending = new Set<{ since: number }>();
  const watched = new Map<string, RecordWriter>();

  function watch(store: RecordWriter): RecordWriter {
    return {
      place: store.place,
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
    };
  }

  return {
    at(address) {
      let store = watched.get(address);
      if (!store) {
        store = watch(stores.at(address));
        watched.set(address, store);
      }
      return store;
    },
    close: () => stores.close(),
    lagMs() {
      const [oldest] = pending;
      return oldest ? performance.now() - oldest.since : 0;
    },
  };
}
