// Measures the ways round after round: all of them first, then those that may be the best.
import { type CompareDecision, decide, type Evidence } from './decide/decide.ts';
import { profileOfRounds, runOf, type WayRounds } from './decide/rounds.ts';
import { FEWEST_ROUNDS, suretyOf } from './decide/surety.ts';
import type { RunOrder } from './measure/messages.ts';
import { mayWin, waysOfNextRound } from './ranges.ts';
import { RunBudget } from './run-budget.ts';
import { nameOfWay, type RunFigures, type Way } from './ways.ts';

export interface RoundsGiven {
  /** The ways of the first round, in their order. */
  readonly ways: readonly Way[];
  /** Whether all of them are measured, also those that cannot be the best. */
  readonly areAllWanted: boolean;
  readonly budgetMs: number;
  readonly cores: number;
  /** How many pages a run may fetch; null for any number. */
  readonly mostPages: number | null;
  readonly signal: AbortSignal;
  readonly onStep: (step: string) => void;
  /** Starts what a way needs. False when that took longer. */
  readonly start: (way: Way, limitMs: number) => Promise<boolean>;
  /** Null when the run did not end. */
  readonly run: (order: RunOrder) => Promise<RunFigures | null>;
}

const SURE = 0.95;
const STEADY = 0.15;

/** Ends when the result is sure, or the budget used up. */
export async function measureRounds(given: RoundsGiven): Promise<WayRounds[]> {
  const { signal, budgetMs, cores } = given;
  const budget = new RunBudget(budgetMs);
  const all = new Map<string, { way: Way; rounds: RunFigures[] }>();
  let ways = given.ways;
  given.onStep('starting');
  await startAll(given, budget);
  for (let round = 1; ways.length > 0 && !signal.aborted; round++) {
    for (const [at, way] of ways.entries()) {
      if (signal.aborted) break;
      if (!isDue(way, round, [...all.values()], budget, given)) continue;
      await measure(way, round, at, ways);
    }
    if (budget.isOver()) break;
    const measured = [...all.values()];
    const decision = decisionOf(measured, cores);
    // Without a page that ended well, more of the same would not help.
    if (!decision || (round >= FEWEST_ROUNDS && isSettled(measured, decision, cores))) break;
    const room = budget.room(Math.max(1, FEWEST_ROUNDS - round));
    ways = waysOfNextRound(measured.map(runOf), decision, cores, room).filter((way) =>
      budget.hasTime(way, round + 1),
    );
  }
  return [...all.values()];

  async function measure(way: Way, round: number, at: number, of: readonly Way[]): Promise<void> {
    given.onStep(`round ${round}, ${at + 1} of ${of.length}: ${nameOfWay(way)}`);
    const roundsAfter = round === 1 ? 0 : Math.max(0, FEWEST_ROUNDS - round);
    const order = budget.order(way, round, of.length - at + roundsAfter * of.length, given.mostPages);
    const since = performance.now();
    const isOnly = ![...all.values()].some((known) => known.way.mode === way.mode);
    // The process of a mode may die on a busy machine: its only run is worth another trial.
    const figures = (await given.run(order)) || (isOnly && (await given.run(order))) || NOTHING;
    budget.ran(order, performance.now() - since);
    if (figures.profile) budget.pageMs = figures.profile.fetchMs + figures.profile.handlerMs;
    const known = all.get(nameOfWay(way)) ?? { way, rounds: [] };
    known.rounds.push(figures);
    all.set(nameOfWay(way), known);
  }
}

/** Starts the first way of each mode, side by side, because a busy machine takes seconds for it. */
async function startAll({ ways, start }: RoundsGiven, budget: RunBudget): Promise<void> {
  const firsts = new Map(ways.toReversed().map((way) => [way.mode, way]));
  const starting = Array.from(firsts.values(), async (way) => {
    if (await start(way, budget.startLimitMs(way))) budget.started(way);
  });
  await Promise.all(starting);
}

/** Each mode that may be the best is measured with more than one request at once, however late it is. */
function isDue(
  way: Way,
  round: number,
  all: readonly WayRounds[],
  budget: RunBudget,
  given: RoundsGiven,
): boolean {
  if (all.length === 0) return true;
  if (round > 1) return budget.hasTime(way, round);
  if (!given.areAllWanted && !mayWin(way, evidenceOf(all, given.cores))) return false;
  const isFirst = !all.some((known) => known.way.mode === way.mode && known.way.concurrency > 1);
  return isFirst || (given.areAllWanted ? !budget.isOver() : budget.hasTime(way, round));
}

function decisionOf(all: readonly WayRounds[], cores: number): CompareDecision | null {
  return decide(evidenceOf(all, cores));
}

function evidenceOf(all: readonly WayRounds[], cores: number): Evidence {
  return { runs: all.map(runOf), profile: profileOfRounds(all), cores };
}

function isSettled(all: readonly WayRounds[], decision: CompareDecision, cores: number): boolean {
  return decision.run.spread <= STEADY && (suretyOf(all, decision, cores) ?? 0) >= SURE;
}

/** A run that did not end. */
const NOTHING: RunFigures = Object.freeze({
  ...{ pages: 0, seconds: 0, pagesPerSecond: 0, latencyMs: { p50: 0, p95: 0, p99: 0 } },
  ...{ cpuPer1000: 0, peakBytes: 0, loopDelayP99Ms: 0, attainable: 0, isCpuBound: false, profile: null },
  ...{ errors: { E_COMPARE: 1 }, errorTexts: { E_COMPARE: 'The run did not end.' } },
});
