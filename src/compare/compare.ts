// drover compare: measures a sample of URLs and a handler three ways, round after round, and recommends.
import { availableParallelism } from 'node:os';
import { crawlSettings, type Settings } from '../config/settings.ts';
import { DroverError } from '../errors.ts';
import { loadHandlers } from '../handlers/load.ts';
import type { RequestInput } from '../request.ts';
import { decide } from './decide/decide.ts';
import { reasonOf } from './decide/reason.ts';
import { profileOfRounds, runOf, type WayRounds } from './decide/rounds.ts';
import { FEWEST_ROUNDS, suretyOf } from './decide/surety.ts';
import type { LanePage, LaneSetUp, RunOrder } from './measure/messages.ts';
import { createRunnerProcess, type RunnerProcess } from './measure/runner-process.ts';
import { notesOf } from './notes.ts';
import { mayWin, waysOf, waysOfNextRound } from './ranges.ts';
import { type FetchedSample, fetchSample, type SampledPage } from './sample/fetch-sample.ts';
import { type Replica, startReplica } from './sample/replica.ts';
import {
  type CompareRun,
  type Mode,
  nameOfWay,
  type PageProfile,
  type RunFigures,
  type Way,
} from './ways.ts';

export interface CompareGiven {
  /** The sample: requests with normalised URLs. */
  readonly requests: readonly RequestInput[];
  readonly settings: Settings;
  /** Whether the runs go against a local replica of the sample. */
  readonly isReplica: boolean;
  readonly budgetMs: number;
  readonly concurrencies: readonly number[] | null;
  readonly threads: number | null;
  /** No more requests at once than this; null for as many as the hosts allow. */
  readonly most: number | null;
  readonly signal: AbortSignal;
  /** Told what is done now. */
  readonly onStep: (step: string) => void;
}

/** What drover compare found out; also its --json. */
export interface Comparison {
  readonly recommendation: Mode;
  readonly concurrency: number;
  /** Threads that run handlers; 0 for loop. */
  readonly threads: number;
  readonly reason: string;
  /** The share of repetitions, drawn from the rounds, with this mode; null after fewer than three rounds. */
  readonly surety: number | null;
  /** What to paste: flags of consume and crawl, and the field of the handler. */
  readonly settings: {
    readonly flags: string;
    readonly handler: { readonly blocking: boolean };
  };
  readonly notes: readonly string[];
  /** What a page costs; null when no page could be measured alone. */
  readonly profile: PageProfile | null;
  readonly sample: { readonly urls: number; readonly hosts: number; readonly isReplica: boolean };
  readonly runs: readonly CompareRun[];
}

const SURE = 0.95;
const STEADY = 0.15;
const BYTES_OF_THREAD = 70 * 1024 * 1024;

/**
 * Resolves with null when `signal` was aborted. Throws E_HANDLER_FILE, and E_COMPARE when no page of the
 * sample can be measured.
 */
export async function compare(given: CompareGiven): Promise<Comparison | null> {
  const { settings, requests, signal, onStep } = given;
  const files = handlerFiles(settings);
  const handlers = await loadHandlers(files);
  onStep(`fetching a sample of ${requests.length}`);
  const sample = await fetchSample(requests, handlers, settings, signal);
  let replica: Replica | null = null;
  let processes: Processes | null = null;
  try {
    if (signal.aborted) return null;
    checkSample(sample, handlers.length);
    if (given.isReplica) replica = await startReplica(sample.pages.map(replicaPageOf));
    if (signal.aborted) return null;
    processes = createProcesses(given, sample, replica);
    const stop = processes.kill;
    signal.addEventListener('abort', stop, { once: true });
    const all = await runRounds(given, sample, processes);
    signal.removeEventListener('abort', stop);
    return signal.aborted ? null : concluded(given, sample, all);
  } finally {
    processes?.kill();
    replica?.stop();
    sample.close();
  }
}

function handlerFiles({ handlers }: Settings): string[] {
  const files = handlers.filter((handler) => typeof handler === 'string');
  if (files.length === handlers.length) return files;
  throw new DroverError(
    'E_HANDLER_FILE',
    'compare runs handlers on threads, so each must be the name of a file.',
  );
}

function checkSample({ pages, failed }: FetchedSample, handlers: number): void {
  const [first] = failed;
  if (pages.length === 0)
    throw new DroverError(
      'E_COMPARE',
      first ? `No page was fetched. ${first.url}: ${first.failure.message}` : 'No page was fetched.',
    );
  if (pages.every(({ handler }) => handler === null)) {
    const { url, headers } = { url: pages[0]?.request.url, headers: pages[0]?.answer.headers };
    const type = headers?.['content-type'] ?? 'none';
    const who = handlers === 1 ? 'The handler accepts' : 'The handlers accept';
    throw new DroverError('E_COMPARE', `${who} none of the ${pages.length} pages, such as ${url} (${type}).`);
  }
}

function replicaPageOf({ answer: { status, headers, body, timings } }: SampledPage) {
  const { firstByte, download } = timings;
  return { status, headers, body, firstByteMs: firstByte ?? 0, downloadMs: download ?? 0 };
}

interface Processes {
  run(order: RunOrder): Promise<RunFigures | null>;
  kill(): void;
}

/** A process for each mode, so that the memory of one is not that of another. */
function createProcesses(given: CompareGiven, sample: FetchedSample, replica: Replica | null): Processes {
  const origin = replica === null ? null : `127.0.0.1:${replica.port}`;
  const lanePage = ({ request, answer }: SampledPage, index: number): LanePage => ({
    request,
    replica:
      origin === null
        ? null
        : { url: `http://${origin}/${index}`, finalUrl: answer.finalUrl, headers: answer.headers },
  });
  const setUp: LaneSetUp = {
    handlerFiles: handlerFiles(given.settings),
    settings: crawlSettings(given.settings),
    dnsServers: given.settings.dnsServers,
    seedHosts: sample.seedHosts,
    pages: sample.pages.map(lanePage),
    replicaHost: origin,
    pageLimitMs: pageLimitOf(given.budgetMs),
  };
  const byMode = new Map<Mode, RunnerProcess>();
  return {
    run(order) {
      const { mode } = order.way;
      const process = byMode.get(mode) ?? createRunnerProcess(setUp, replica ? null : sample.answer);
      byMode.set(mode, process);
      if (!replica) sample.beginRun();
      return process.run(order);
    },
    kill() {
      for (const process of byMode.values()) process.kill();
    },
  };
}

/** The first round measures all ways, the next ones those that may be the best, until it is sure or late. */
async function runRounds(
  given: CompareGiven,
  sample: FetchedSample,
  processes: Processes,
): Promise<WayRounds[]> {
  const { signal, onStep, budgetMs, isReplica } = given;
  const endsAt = performance.now() + budgetMs;
  const cores = availableParallelism();
  const allowed = isReplica ? Number.POSITIVE_INFINITY : sample.most.atOnce;
  const most = Math.min(given.most ?? allowed, allowed);
  const mostThreads = Math.max(2, Math.floor((0.5 * process.availableMemory()) / BYTES_OF_THREAD));
  const range = waysOf({
    ...{ cores, most, mostThreads },
    concurrencies: given.concurrencies,
    threads: given.threads,
  });
  const all = new Map<string, { way: Way; rounds: RunFigures[] }>();
  const runs = () => [...all.values()].map(runOf);
  let pageMs = 0;
  for (let round = 1, ways = range; !signal.aborted; round++) {
    for (const [at, way] of ways.entries()) {
      const lateMs = performance.now() - endsAt;
      if (signal.aborted || (round === 1 ? lateMs > budgetMs && hasEachMode(all) : lateMs > 0)) break;
      if (round === 1 && given.concurrencies === null && !mayWin(way, runs(), cores)) continue;
      onStep(`round ${round}, ${at + 1} of ${ways.length}: ${nameOfWay(way)}`);
      const order = orderOf(way, given, pageMs, isReplica ? null : sample.pages.length);
      const figures = (await processes.run(order)) ?? NOTHING;
      if (figures.profile) pageMs = figures.profile.fetchMs + figures.profile.handlerMs;
      const known = all.get(nameOfWay(way)) ?? { way, rounds: [] };
      known.rounds.push(figures);
      all.set(nameOfWay(way), known);
    }
    if (performance.now() > endsAt || (round >= FEWEST_ROUNDS && isSettled([...all.values()], cores))) break;
    ways = waysOfNextRound(runs(), cores);
  }
  return [...all.values()];
}

function hasEachMode(all: ReadonlyMap<string, { way: Way }>): boolean {
  return new Set([...all.values()].map(({ way }) => way.mode)).size === 3;
}

function isSettled(all: readonly WayRounds[], cores: number): boolean {
  const decision = decide({ runs: all.map(runOf), profile: profileOfRounds(all), cores });
  if (!decision) return true; // more of the same would not help
  return decision.run.spread <= STEADY && (suretyOf(all, decision, cores) ?? 0) >= SURE;
}

/** A handler has a tenth of the budget for one page, so that one that never ends leaves time for all runs. */
function pageLimitOf(budgetMs: number): number {
  return Math.max(1000, Math.round(budgetMs / 10));
}

function orderOf(way: Way, { budgetMs }: CompareGiven, pageMs: number, mostPages: number | null): RunOrder {
  const windowMs = Math.min(Math.max(budgetMs / 50, 500, 4 * pageMs), budgetMs / 8);
  // Real servers are not asked for pages that do not count.
  const warmUpMs = mostPages === null ? Math.min(Math.max(400, 1.5 * pageMs), budgetMs / 10) : 0;
  return { way, windowMs, warmUpMs, mostPages, mostMs: pageLimitOf(budgetMs) + windowMs };
}

/** A run that did not end. */
const NOTHING: RunFigures = Object.freeze({
  ...{ pages: 0, seconds: 0, pagesPerSecond: 0, latencyMs: { p50: 0, p95: 0, p99: 0 } },
  ...{ cpuPer1000: 0, peakBytes: 0, loopDelayP99Ms: 0, errors: { E_COMPARE: 1 } },
  errorTexts: { E_COMPARE: 'The run did not end.' },
  ...{ attainable: 0, isCpuBound: false, profile: null },
});

function concluded(given: CompareGiven, sample: FetchedSample, all: readonly WayRounds[]): Comparison {
  const cores = availableParallelism();
  const runs = all.map(runOf);
  const profile = profileOfRounds(all);
  const decision = decide({ runs, profile, cores });
  if (!decision) {
    const texts: Record<string, string> = Object.assign({}, ...runs.map((run) => run.errorTexts));
    const why = Object.entries(texts).map(([code, text]) => `${text} (${code})`);
    throw new DroverError(
      'E_COMPARE',
      `The handler ended no page without an error. ${why.join(' ') || 'It did not end.'}`,
    );
  }
  const { run } = decision;
  const surety = suretyOf(all, decision, cores);
  const { mode, concurrency, threads } = run;
  const flags = `--concurrency ${concurrency}${threads > 0 ? ` --threads ${threads}` : ''}`;
  return {
    ...{ recommendation: mode, concurrency, threads, reason: reasonOf(decision, profile), surety },
    settings: { flags, handler: { blocking: mode !== 'loop' } },
    notes: notesOf({ decision, sample, isReplica: given.isReplica, surety }),
    profile,
    sample: { urls: sample.pages.length, hosts: sample.most.hosts, isReplica: given.isReplica },
    runs,
  };
}
