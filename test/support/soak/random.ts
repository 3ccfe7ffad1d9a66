// Numbers by chance that a seed repeats.

export interface Chance {
  /** From 0 up to 1. */
  next(): number;
  /** From `least` up to `most`. */
  between(least: number, most: number): number;
  /** A whole number below `count`. */
  below(count: number): number;
  /** One of them, each as often as its weight says. */
  pick<T>(from: readonly { what: T; weight: number }[]): T;
}

/** The same numbers for the same seed: mulberry32. */
export function chanceOf(seed: number): Chance {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    next,
    between: (least, most) => least + next() * (most - least),
    below: (count) => Math.floor(next() * count),
    pick(from) {
      let left = next() * from.reduce((sum, { weight }) => sum + weight, 0);
      const found = from.find(({ weight }) => {
        left -= weight;
        return left < 0;
      });
      const one = found ?? from.at(-1);
      if (!one) throw new Error('nothing to pick from');
      return one.what;
    },
  };
}
