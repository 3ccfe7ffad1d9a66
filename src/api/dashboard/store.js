// The current values by topic, with listeners for changes. Topics: crawls, hosts, dead, replays, samples,
// tail, connection, session.

export function createStore() {
  const values = new Map();
  const listeners = new Map();
  return {
    get: (topic) => values.get(topic) ?? null,
    set(topic, value) {
      values.set(topic, value);
      for (const listener of [...(listeners.get(topic) ?? [])]) listener(value);
    },
    /** Drops all values, because the next visitor may be somebody else. */
    forget: () => values.clear(),
    /**
     * Calls the listener with the current value, if there is one, and with every later one, until the signal
     * aborts.
     */
    watch(topic, signal, listener) {
      const all = listeners.get(topic) ?? new Set();
      listeners.set(topic, all);
      all.add(listener);
      signal.addEventListener('abort', () => all.delete(listener));
      if (values.has(topic)) listener(values.get(topic));
    },
  };
}
