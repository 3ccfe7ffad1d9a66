// Which ways are measured: all three modes over a range of concurrencies. A step that cannot win is left out.
import { NOISE, reachOfMachine } from './decide/decide.ts';
import type { CompareRun, Mode, Way } from './ways.ts';

export interface RangeLimits {
  readonly cores: number;
  /** What the hosts allow at once; infinite against a replica. */
  readonly most: number;
  /** What the user asked for; null for the usual range. */
  readonly concurrencies: readonly number[] | null;
  /** The size of the pool that the user asked for; null for one less than there are cores, and as many. */
  readonly threads: number | null;
  /** How many threads fit into the memory of the machine. */
  readonly mostThreads: number;
}

/** Steps up to this one always run, so that each mode is seen at a few concurrencies. */
const ALWAYS: Record<Mode, number> = { loop: 200, hybrid: 50, threads: 8 };

/** The ways in the order of the first round. Within a mode, concurrency rises. */
export function waysOf({ cores, most, concurrencies, threads, mostThreads }: RangeLimits): Way[] {
  const steps = (usual: readonly number[]) => upTo(concurrencies ?? usual, most);
  const pools = threads === null ? [...new Set([Math.max(1, cores - 1), cores])] : [threads];
  const loop = steps([1, 10, 50, 200]).map((concurrency): Way => ({ mode: 'loop', concurrency, threads: 0 }));
  const hybrid = pools.flatMap((size, at) => {
    const usual = at === pools.length - 1 ? [10, 50, 200] : [50];
    return steps(usual).map((concurrency): Way => ({ mode: 'hybrid', concurrency, threads: size }));
  });
  const onThreads = upTo(steps([Math.max(2, cores), 8, 32]), mostThreads).map(
    (concurrency): Way => ({ mode: 'threads', concurrency, threads: concurrency }),
  );
  // One page at a time on the loop shows what a page costs.
  const single: Way[] = loop.some(({ concurrency }) => concurrency === 1)
    ? []
    : [{ mode: 'loop', concurrency: 1, threads: 0 }];
  return [...single, ...loop, ...hybrid, ...onThreads];
}

/** The steps within the limit; with the limit as the last if steps were beyond it. Rising, each once. */
function upTo(steps: readonly number[], most: number): number[] {
  const within = steps.map((step) => Math.min(step, most));
  return [...new Set(within)].sort((a, b) => a - b);
}

/**
 * Whether a way may be the best, by what is known of the step before: even if it grew as fast as its
 * concurrency, it must come near the fastest so far.
 */
export function mayWin(way: Way, runs: readonly CompareRun[], cores: number): boolean {
  if (way.concurrency <= ALWAYS[way.mode]) return true;
  const before = runs
    .filter(({ mode, threads }) => mode === way.mode && (mode !== 'hybrid' || threads === way.threads))
    .toSorted((a, b) => b.concurrency - a.concurrency)[0];
  if (!before || before.isCpuBound || before.pages === 0) return !before;
  const fastest = Math.max(...runs.map((run) => reachOfMachine(run, cores)));
  return (before.attainable * way.concurrency) / before.concurrency >= (1 - NOISE) * fastest;
}

/** More rounds than the first only for ways near the best, and for the best of each mode. */
const NEAR = 0.5;
const MOST_AGAIN = 7;

/** The ways that take part in the next round, in the order of the range. */
export function waysOfNextRound(runs: readonly CompareRun[], cores: number): Way[] {
  const reach = (run: CompareRun) => reachOfMachine(run, cores);
  const fastest = Math.max(...runs.map(reach));
  const single = runs.find(({ mode, concurrency }) => mode === 'loop' && concurrency === 1);
  const best = (['loop', 'hybrid', 'threads'] as const).flatMap(
    (mode) =>
      runs.filter((run) => run.mode === mode).toSorted((a, b) => b.attainable - a.attainable)[0] ?? [],
  );
  const near = runs.filter((run) => reach(run) >= NEAR * fastest).toSorted((a, b) => reach(b) - reach(a));
  const chosen = new Set([...(single ? [single] : []), ...best, ...near].slice(0, MOST_AGAIN));
  return runs
    .filter((run) => chosen.has(run))
    .map(({ mode, concurrency, threads }) => ({ mode, concurrency, threads }));
}
