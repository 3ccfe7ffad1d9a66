// A sink whose records are timed: how long each takes to be durable, and how old the oldest is that is not.
import type { Sink } from '../../src/records/store.ts';

export interface WatchedSink extends Sink {
  /** Age of the oldest record that is not durable yet, in milliseconds; 0 when all are. */
  lagMs(): number;
}

/** `note` hears how many milliseconds each record took, failed ones included. */
export function watchSink(sink: Sink, note: (ms: number) => void): WatchedSink {
  /** In the order in which they came. */
  const pending = new Set<{ since: number }>();
  return {
    async store(record, take, shelf) {
      const entry = { since: performance.now() };
      pending.add(entry);
      try {
        await sink.store(record, take, shelf);
      } finally {
        pending.delete(entry);
        note(performance.now() - entry.since);
      }
    },
    close: () => sink.close(),
    lagMs() {
      const [oldest] = pending;
      return oldest ? performance.now() - oldest.since : 0;
    },
  };
}
