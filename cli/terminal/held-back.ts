// What a command says while its seeds must wait because the frontier is full, or Redis refuses for now.
import type { DroverError } from '../../src/errors.ts';
import { printable } from '../../src/printable.ts';
import { count } from './figures.ts';

const AGAIN_MS = 30_000;

/** Makes a listener that prints the reason at once, and then every 30 s while it lasts. */
export function createHeldNotice(
  say: (line: string) => void,
  mostWaiting: number,
): (why: number | DroverError) => void {
  let saidAt = Number.NEGATIVE_INFINITY;
  return (why) => {
    const now = performance.now();
    if (now - saidAt < AGAIN_MS) return;
    saidAt = now;
    say(
      typeof why !== 'number'
        ? `held back: ${printable(why.message)} More seeds are accepted when that is over. (${why.code})`
        : `held back: the frontier has ${count(why)} of at most ${count(mostWaiting)} requests (--max-frontier); more seeds are accepted as consumers fetch`,
    );
  };
}
