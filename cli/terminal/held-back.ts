// What a command says while its seeds are held back because the frontier, or Redis, is full.
import { count } from './figures.ts';

const AGAIN_MS = 30_000;

/** A listener that says so at once, and then every half minute while it lasts. */
export function createHeldNotice(
  say: (line: string) => void,
  mostWaiting: number,
): (waiting: number) => void {
  let saidAt = Number.NEGATIVE_INFINITY;
  return (waiting) => {
    const now = performance.now();
    if (now - saidAt < AGAIN_MS) return;
    saidAt = now;
    say(
      waiting < 0
        ? "held back: Redis' memory is full (maxmemory); the seeds go on when there is room"
        : `held back: ${count(waiting)} requests wait, of ${count(mostWaiting)} that may (--max-frontier); the seeds go on as consumers fetch them`,
    );
  };
}
