// Ctrl-C: once finishes what is in flight, twice stops at once. Both lose nothing.

export interface Interrupt {
  asked(): boolean;
  /** Resolves at the first signal. */
  wait: Promise<void>;
  done(): void;
}

export function onInterrupt(screen: { note(line: string): void }): Interrupt {
  let asked = false;
  let resolve: () => void = () => undefined;
  const wait = new Promise<void>((settle) => {
    resolve = settle;
  });
  const listener = () => {
    if (asked) process.exit(130);
    asked = true;
    screen.note(
      'stopping: what is in flight is finished; once more stops at once (nothing is lost either way)',
    );
    resolve();
  };
  process.on('SIGINT', listener);
  process.on('SIGTERM', listener);
  return {
    asked: () => asked,
    wait,
    done() {
      process.off('SIGINT', listener);
      process.off('SIGTERM', listener);
    },
  };
}
