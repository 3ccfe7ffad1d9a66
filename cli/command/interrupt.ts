// Ctrl-C: once finishes what is in flight, twice stops at once. Both lose nothing.

export interface Interrupt {
  asked(): boolean;
  /** Resolves at the first signal. */
  wait: Promise<void>;
  /** Resolves after `ms`, or at the first signal. */
  pause(ms: number): Promise<void>;
  done(): void;
}

/** `atOnce` runs before the process ends at the second signal. */
export function onInterrupt(
  screen: { note(line: string): void },
  atOnce: () => void = () => undefined,
): Interrupt {
  let asked = false;
  let resolve: () => void = () => undefined;
  let wake: () => void = () => undefined;
  const wait = new Promise<void>((settle) => {
    resolve = settle;
  });
  const listener = () => {
    if (asked) {
      atOnce();
      process.exit(130);
    }
    asked = true;
    screen.note('stopping when what is in flight is done; once more stops at once');
    resolve();
    wake();
  };
  process.on('SIGINT', listener);
  process.on('SIGTERM', listener);
  return {
    asked: () => asked,
    wait,
    pause(ms) {
      return new Promise((awake) => {
        wake = awake;
        setTimeout(awake, ms);
      });
    },
    done() {
      process.off('SIGINT', listener);
      process.off('SIGTERM', listener);
    },
  };
}
