// Work that a process repeats at an interval. Two rounds never run at the same time.

export interface Interval {
  /** Resolves when the current round is done. */
  stop(): Promise<void>;
}

/** Starts a round every `everyMs` milliseconds, unless the former round is still running. */
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
