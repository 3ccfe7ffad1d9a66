// The decision: which way to run a handler, from the figures of the runs. Pure.
import type { CompareRun, Mode, PageProfile } from '../ways.ts';

/** Runs that differ by less are equally fast: the cheaper one is better. */
export const NOISE = 0.15;
/** A handler that holds the event loop for so long a page, in the mean, belongs on a thread. */
const HEAVY_MS = 10;
/** Unless the loop is on time all the same. */
const ON_TIME_MS = 10;
/** A lighter handler costs the loop little: a costlier mode must then be half as fast again. */
const LIGHT_NOISE = 1 / 3;
/** A loop that is late by so much because of its handler is no choice, however short each page is. */
const LATE_MS = 250;
/** More errors than the best run has by this share of its pages are too many. */
const MORE_ERRORS = 0.02;

export const modesByCost: readonly Mode[] = ['loop', 'hybrid', 'threads'];

export interface Evidence {
  readonly runs: readonly CompareRun[];
  readonly profile: PageProfile | null;
  readonly cores: number;
}

/** Why a run is no candidate. */
export type Exclusion = 'no pages' | 'errors' | 'blocks the loop';

export interface CompareDecision {
  readonly run: CompareRun;
  /** The best of each mode that has a candidate, the recommended one included. */
  readonly bestOf: Readonly<Partial<Record<Mode, CompareRun>>>;
  readonly excluded: ReadonlyMap<CompareRun, Exclusion>;
  /** Whether no run was a candidate, so that the fastest of all was taken. */
  readonly isLeastBad: boolean;
}

/**
 * Throughput first; among the modes within NOISE of the best, the cheapest; of that mode, the run with the
 * lowest concurrency within NOISE of its best. Null without a run that has a page.
 */
export function decide(evidence: Evidence): CompareDecision | null {
  const { runs, cores, profile } = evidence;
  const noise = profile !== null && holdMs(profile) < HEAVY_MS ? LIGHT_NOISE : NOISE;
  const excluded = exclusions(evidence);
  const clean = runs.filter((run) => !excluded.has(run));
  const withPages = runs.filter((run) => excluded.get(run) !== 'no pages');
  const candidates = clean.length > 0 ? clean : withPages;
  if (candidates.length === 0) return null;
  const bestOf: Partial<Record<Mode, CompareRun>> = {};
  for (const mode of modesByCost) {
    const best = cheapest(candidates.filter((run) => run.mode === mode));
    if (best) bestOf[mode] = best;
  }
  const most = (mode: Mode, of: (run: CompareRun) => number) =>
    Math.max(0, ...candidates.filter((run) => run.mode === mode).map(of));
  const reach = (one: Mode) => most(one, (run) => reachOfMachine(run, cores));
  const measured = (one: Mode) => most(one, ({ pagesPerSecond }) => pagesPerSecond);
  // Both the figures as they are and those without the noise of the machine must speak for a costlier mode.
  const isBetter = (one: Mode, than: Mode) =>
    (1 - noise) * reach(one) > reach(than) && measured(one) > measured(than);
  const mode = modesByCost
    .filter((one) => bestOf[one])
    .reduce<Mode | undefined>(
      (best, one) => (best === undefined || isBetter(one, best) ? one : best),
      undefined,
    );
  const run = mode && bestOf[mode];
  return run ? { run, bestOf, excluded, isLeastBad: clean.length === 0 } : null;
}

/** Of runs of one mode: the lowest concurrency, then the fewest threads, within NOISE of the best. */
function cheapest(runs: readonly CompareRun[]): CompareRun | undefined {
  const most = Math.max(...runs.map(({ attainable }) => attainable));
  return runs
    .filter(({ attainable }) => attainable >= (1 - NOISE) * most)
    .toSorted((a, b) => a.threads - b.threads || a.concurrency - b.concurrency)[0];
}

/**
 * Pages per second that this way gives with all cores of the machine. A process that has work for the CPU
 * all the time gets to the other cores with more processes, each as fast: so the CPU of a page counts then.
 */
export function reachOfMachine({ attainable, isCpuBound, cpuPer1000 }: CompareRun, cores: number): number {
  return isCpuBound && cpuPer1000 > 0 ? Math.max(attainable, (cores * 1000) / cpuPer1000) : attainable;
}

function exclusions({ runs, profile }: Evidence): Map<CompareRun, Exclusion> {
  const excluded = new Map<CompareRun, Exclusion>();
  const fewest = Math.min(1, ...runs.filter(({ pages }) => pages > 0).map(errorShare));
  for (const run of runs) {
    if (run.pages === 0) excluded.set(run, 'no pages');
    else if (errorShare(run) > fewest + MORE_ERRORS) excluded.set(run, 'errors');
    else if (blocksLoop(run, profile)) excluded.set(run, 'blocks the loop');
  }
  return excluded;
}

export function errorShare({ pages, errors }: Pick<CompareRun, 'pages' | 'errors'>): number {
  const wrong = Object.values(errors).reduce((sum, times) => sum + times, 0);
  return wrong === 0 ? 0 : wrong / (pages + wrong);
}

/** A blocked loop renews no locks, so its jobs are taken from it. */
function blocksLoop({ mode, loopDelayP99Ms }: CompareRun, profile: PageProfile | null): boolean {
  if (mode !== 'loop') return false;
  if (profile === null) return loopDelayP99Ms >= LATE_MS;
  const heldMs = holdMs(profile);
  if (heldMs >= HEAVY_MS) return loopDelayP99Ms >= ON_TIME_MS;
  return loopDelayP99Ms >= LATE_MS && heldMs >= profile.fetchCpuMs;
}

/** How long a page holds the thread of its handler, in the mean. */
export function holdMs({ handlerCpuMs, handlerBlockedMs }: PageProfile): number {
  return handlerCpuMs + handlerBlockedMs;
}
