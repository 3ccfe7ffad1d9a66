// What a command says while its seeds must wait because the frontier or the memory of Redis is full.
import { count } from './figures.ts';

const AGAIN_MS = 30_000;

/** Makes a listener that prints the reason at once, and then every 30 s while it lasts. */
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
        ? "held back: Redis' memory is full (maxmemory); more seeds are accepted when there is room"
        : `held back: the frontier has ${count(waiting)} of at most ${count(mostWaiting)} requests (--max-frontier); more seeds are accepted as consumers fetch`,
    );
  };
}
