// Ctrl-C: the first stops the command after the fetches in flight, the second at once. Nothing is lost either
// way.
import { setTimeout as sleep } from 'node:timers/promises';
import { EXIT } from './failures.ts';

export interface Interrupt {
  asked(): boolean;
  /** Resolves at the first signal. */
  wait: Promise<void>;
  /** Resolves after `ms`, or at the first signal. */
  pause(ms: number): Promise<void>;
  /** What the work resolves to; null if it has not ended `patienceMs` (default 0) after the first signal. */
  unless<T>(work: Promise<T>, patienceMs?: number): Promise<T | null>;
  done(): void;
}

/** Ends a command that only reads at the first signal. What it has begun to write is removed. */
export function endOnSignals(): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => process.exit(EXIT.interrupted));
}

/**
 * What a command may take to end beyond its grace: Redis has 3 s for the last calls, and the embedded one a
 * few more to stop.
 */
export const AFTER_GRACE_MS = 10_000;

/**
 * `atOnce` runs before the process ends at the second signal. It ends then too when the first has not ended
 * it `graceMs` and 10 s later, whatever it waits for.
 */
export function onInterrupt(
  screen: { note(line: string): void },
  graceMs: number,
  atOnce: () => void = () => undefined,
): Interrupt {
  let asked = false;
  let resolve: () => void = () => undefined;
  let wake: () => void = () => undefined;
  const wait = new Promise<void>((settle) => {
    resolve = settle;
  });
  const end = () => {
    atOnce();
    process.exit(EXIT.interrupted);
  };
  const listener = () => {
    if (asked) end();
    asked = true;
    screen.note('stopping after the fetches in flight; press Ctrl-C again to stop at once');
    setTimeout(end, graceMs + AFTER_GRACE_MS).unref();
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
    unless(work, patienceMs = 0) {
      work.catch(() => undefined); // it may fail after the signal, when nobody waits for it any more
      return Promise.race([
        work,
        wait.then(() => (patienceMs > 0 ? sleep(patienceMs, null, { ref: false }) : null)),
      ]);
    },
    done() {
      process.off('SIGINT', listener);
      process.off('SIGTERM', listener);
    },
  };
}
