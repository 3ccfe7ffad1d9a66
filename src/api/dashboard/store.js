// What is known now, by topic, and who wants to hear of changes: crawls, hosts, dead, replays, samples, tail, connection, session.

export function createStore() {
  const values = new Map();
  const listeners = new Map();
  return {
    get: (topic) => values.get(topic) ?? null,
    set(topic, value) {
      values.set(topic, value);
      for (const listener of [...(listeners.get(topic) ?? [])]) listener(value);
    },
    /** All that was known: whoever comes next is somebody else. */
    forget: () => values.clear(),
    /** Hears the value as it is, if there is one, and every later one, until the signal aborts. */
    watch(topic, signal, listener) {
      const all = listeners.get(topic) ?? new Set();
      listeners.set(topic, all);
      all.add(listener);
      signal.addEventListener('abort', () => all.delete(listener));
      if (values.has(topic)) listener(values.get(topic));
    },
  };
}
