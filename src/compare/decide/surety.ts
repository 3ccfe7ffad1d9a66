// How sure a recommendation is: rounds are drawn again at random, and the decision is made anew each time.
import type { CompareRun } from '../ways.ts';
import { type CompareDecision, decide, reachOfMachine } from './decide.ts';
import { profileOfRounds, runOf, type WayRounds } from './rounds.ts';

const DRAWS = 100;
/** Fewer rounds of a way say nothing of how its figures vary. */
export const FEWEST_ROUNDS = 3;
/** A mode that is slower than this share of the recommended one is no rival. */
const RIVAL = 0.5;

/**
 * The share of draws, each with as many rounds of each way as there were, that end with the same mode. Null
 * when the recommended run, or the best of another mode that is near it, has fewer than three rounds.
 */
export function suretyOf(all: readonly WayRounds[], decision: CompareDecision, cores: number): number | null {
  const { mode } = decision.run;
  if ([decision.run, ...rivalsOf(decision, cores)].some(({ rounds }) => rounds < FEWEST_ROUNDS)) return null;
  const random = createRandom();
  let same = 0;
  for (let draw = 0; draw < DRAWS; draw++) {
    const drawn = all.map(({ way, rounds }) => ({
      way,
      rounds: rounds.map(() => rounds[Math.floor(random() * rounds.length)] ?? rounds[0]) as typeof rounds,
    }));
    const again = decide({ runs: drawn.map(runOf), profile: profileOfRounds(drawn), cores });
    if (again?.run.mode === mode) same++;
  }
  return same / DRAWS;
}

/** The best of each other mode that comes near the recommended one. */
export function rivalsOf({ run, bestOf }: CompareDecision, cores: number): CompareRun[] {
  const least = RIVAL * reachOfMachine(run, cores);
  return Object.values(bestOf).filter((best) => best !== run && reachOfMachine(best, cores) >= least);
}

/** The same numbers from 0 to 1 each time (mulberry32). */
function createRandom(): () => number {
  let state = 1;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
