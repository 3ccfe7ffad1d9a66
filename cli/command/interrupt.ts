// Ctrl-C: the first stops the command after the fetches in flight, the second at once. Nothing is lost either
// way.

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
    screen.note('stopping after the fetches in flight; press Ctrl-C again to stop at once');
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
