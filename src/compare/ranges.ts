// Which ways are measured: all three modes over a range of concurrencies. A step that cannot win is left out.
import { type CompareDecision, type Evidence, holdMs, NOISE, reachOfMachine } from './decide/decide.ts';
import { rivalsOf } from './decide/surety.ts';
import type { CompareRun, PageProfile, Way } from './ways.ts';

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

/** The ways in the order of the first round: the first step of each mode, then the second, and so on. */
export function waysOf({ cores, most, concurrencies, threads, mostThreads }: RangeLimits): Way[] {
  const steps = (usual: readonly number[]) => upTo(concurrencies ?? usual, most);
  const usualPools = cores > 2 ? [cores - 1, cores] : [cores];
  const pools = threads === null ? usualPools : [threads];
  const loop = steps([1, 10, 50, 200]).map((concurrency): Way => ({ mode: 'loop', concurrency, threads: 0 }));
  const hybrid = pools.flatMap((size, at) => {
    const usual = at === pools.length - 1 ? [10, 50, 200] : [10, 50];
    return steps(usual).map((concurrency): Way => ({ mode: 'hybrid', concurrency, threads: size }));
  });
  const onThreads = upTo(steps([Math.max(8, cores), 4 * Math.max(8, cores)]), mostThreads).map(
    (concurrency): Way => ({ mode: 'threads', concurrency, threads: concurrency }),
  );
  // One page at a time on the loop shows what a page costs.
  const single: Way = { mode: 'loop', concurrency: 1, threads: 0 };
  const several = loop.filter(({ concurrency }) => concurrency > 1);
  const series = [several, ...Map.groupBy(hybrid, (way) => way.threads).values(), onThreads];
  const longest = Math.max(...series.map(({ length }) => length));
  const stepwise = Array.from({ length: longest }, (_, step) => series.flatMap((ways) => ways[step] ?? []));
  return [single, ...stepwise.flat()];
}

/** The steps within the limit; with the limit as the last if steps were beyond it. Rising, each once. */
function upTo(steps: readonly number[], most: number): number[] {
  const within = steps.map((step) => Math.min(step, most));
  return [...new Set(within)].sort((a, b) => a - b);
}

/** A step grows at most by so much faster than the one before it. */
const SLACK = 0.3;
/** A step may be faster than one run before it lets expect: from this share on it is measured. */
const HOPE = 0.5;

/**
 * Whether a way may be the best, by what is known of the steps before it in its mode: if it grew a little
 * faster than these, or as fast as its concurrency when there was but one, it must come near the fastest. A
 * handler that holds its threads bounds it too.
 */
export function mayWin(way: Way, { runs, profile, cores }: Evidence): boolean {
  const fastest = Math.max(0, ...runs.map((run) => reachOfMachine(run, cores)));
  if (ceilingOf(way, profile) < (1 - NOISE) * fastest) return false;
  const [last, former] = runs
    .filter(({ mode, threads }) => mode === way.mode && (mode !== 'hybrid' || threads === way.threads))
    .toSorted((a, b) => b.concurrency - a.concurrency);
  // One request at a time, on a machine that is still cold, says nothing of more at once.
  if (!last || last.concurrency === 1) return true;
  if (last.isCpuBound || last.pages === 0) return false;
  const grew = former ? growth(former, last) : 1;
  const most = last.attainable * (way.concurrency / last.concurrency) ** Math.min(1, grew + SLACK);
  return most >= HOPE * fastest;
}

/** Pages per second at which the handler holds its threads all the time. */
function ceilingOf({ mode, threads }: Way, profile: PageProfile | null): number {
  const heldMs = profile ? holdMs(profile) : 0;
  return heldMs < 1 ? Number.POSITIVE_INFINITY : ((mode === 'loop' ? 1 : threads) * 1000) / heldMs;
}

/** 1 when throughput grew as fast as the concurrency, 0 when it did not grow. */
function growth(from: CompareRun, to: CompareRun): number {
  if (from.attainable === 0) return 1;
  const grew = Math.log(to.attainable / from.attainable) / Math.log(to.concurrency / from.concurrency);
  return Math.max(0, grew);
}

/** More rounds only for ways near the best. */
const NEAR = 0.7;
/** So many pages on their own say what a page costs. */
const PROFILE_PAGES = 10;

/**
 * The ways that take part in the next round, in the order of the range: those that matter for the decision,
 * and others near the best, at most `room` of all.
 */
export function waysOfNextRound(
  runs: readonly CompareRun[],
  decision: CompareDecision,
  cores: number,
  room: number,
): Way[] {
  const reach = (run: CompareRun) => reachOfMachine(run, cores);
  const needed = [decision.run, ...rivalsOf(decision, cores)];
  const single = runs.filter(
    ({ mode, concurrency, pages }) => mode === 'loop' && concurrency === 1 && pages < PROFILE_PAGES,
  );
  const fastest = Math.max(...needed.map(reach));
  const near = runs
    .filter((run) => !decision.excluded.has(run) && reach(run) >= NEAR * fastest)
    .toSorted((a, b) => reach(b) - reach(a));
  const wanted = [...new Set([...needed, ...single, ...near])];
  const chosen = new Set(wanted.slice(0, Math.max(needed.length, room)));
  return runs
    .filter((run) => chosen.has(run))
    .map(({ mode, concurrency, threads }) => ({ mode, concurrency, threads }));
}
