// What a process does again and again beside its work: never twice at once, however long it takes.

export interface Interval {
  /** Resolves when the round at hand is done. */
  stop(): Promise<void>;
}

/** Begins a round every `everyMs`, unless the one before is still at it. */
export function repeat(
  everyMs: number,
  round: () => Promise<void>,
  onError: (error: unknown) => void,
): Interval {
  let atWork: Promise<void> | null = null;
  const timer = setInterval(() => {
    atWork ??= round()
      .catch(onError)
      .finally(() => {
        atWork = null;
      });
  }, everyMs);
  return {
    async stop() {
      clearInterval(timer);
      await atWork;
    },
  };
}
