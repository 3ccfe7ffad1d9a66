// How sure a recommendation is: rounds are drawn again at random, and the decision is made anew each time.
import type { Mode } from '../ways.ts';
import { decide } from './decide.ts';
import { profileOfRounds, runOf, type WayRounds } from './rounds.ts';

const DRAWS = 100;

/** The share of draws, each with as many rounds of each way as there were, that end with this mode. */
export function suretyOf(all: readonly WayRounds[], mode: Mode, cores: number): number {
  const random = createRandom();
  let same = 0;
  for (let draw = 0; draw < DRAWS; draw++) {
    const drawn = all.map(({ way, rounds }) => ({
      way,
      rounds: rounds.map(() => rounds[Math.floor(random() * rounds.length)] ?? rounds[0]) as typeof rounds,
    }));
    const decision = decide({ runs: drawn.map(runOf), profile: profileOfRounds(drawn), cores });
    if (decision?.run.mode === mode) same++;
  }
  return same / DRAWS;
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
