// drover compare: measures a sample of URLs and a handler three ways, round after round, and recommends.

import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { crawlSettings, type Settings } from '../config/settings.ts';
import { fetchingSettingsOf } from '../crawl/fetcher-options.ts';
import { DroverError } from '../errors.ts';
import { isByFunction, proxySettingsOf } from '../fetch/proxy/settings.ts';
import { HANDLER_TIMEOUT_MS } from '../handlers/define.ts';
import { loadHandlers } from '../handlers/load.ts';
import type { RequestInput } from '../request.ts';
import { decide } from './decide/decide.ts';
import { reasonOf } from './decide/reason.ts';
import { profileOfRounds, runOf, type WayRounds } from './decide/rounds.ts';
import { suretyOf } from './decide/surety.ts';
import type { LanePage, LaneSetUp, RunOrder } from './measure/messages.ts';
import { createRunnerProcess, type RunnerProcess } from './measure/runner-process.ts';
import { measureRounds } from './measure-rounds.ts';
import { boundNote, notesOf } from './notes.ts';
import { waysOf } from './ranges.ts';
import { pageLimitOf } from './run-budget.ts';
import { type FetchedSample, fetchSample, type SampledPage } from './sample/fetch-sample.ts';
import { type Replica, startReplica } from './sample/replica.ts';
import type { CompareRun, Mode, PageProfile, RunFigures, Way } from './ways.ts';

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

/** A signal to all processes of a terminal is heard by each within this time. */
const HEARSAY_MS = 100;
const BYTES_OF_THREAD = 70 * 1024 * 1024;

/**
 * Resolves with null when `signal` was aborted. Throws E_HANDLER_FILE, and E_COMPARE when no page of the
 * sample can be measured.
 */
export async function compare(given: CompareGiven): Promise<Comparison | null> {
  const { settings, requests, signal, onStep } = given;
  let sample: FetchedSample | null = null;
  let replica: Replica | null = null;
  let processes: Processes | null = null;
  try {
    const handlers = await loadHandlers(handlerFiles(settings));
    if (isByFunction(settings) && !given.isReplica)
      throw new DroverError('E_COMPARE', 'A function for proxies cannot go to the processes that fetch.');
    onStep(`fetching a sample of ${requests.length}`);
    sample = await fetchSample(requests, handlers, settings, signal);
    if (signal.aborted) return null;
    checkSample(sample, handlers.length);
    if (given.isReplica) replica = await startReplica(sample.pages.map(replicaPageOf));
    if (signal.aborted) return null;
    processes = createProcesses(given, sample, replica);
    const stop = processes.kill;
    signal.addEventListener('abort', stop, { once: true });
    const all = await runRounds(given, sample, processes);
    signal.removeEventListener('abort', stop);
    const handlerMs = Math.max(...handlers.map((handler) => handler.timeoutMs ?? HANDLER_TIMEOUT_MS));
    return signal.aborted ? null : concluded(given, sample, all, handlerMs);
  } catch (error) {
    // Ctrl-C goes to all processes of a terminal: one may end by it while it starts, before we hear of it.
    await sleep(HEARSAY_MS);
    if (signal.aborted) return null;
    throw error;
  } finally {
    processes?.kill();
    replica?.stop();
    sample?.close();
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
  start(way: Way, limitMs: number): Promise<boolean>;
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
    fetching: fetchingSettingsOf(given.settings),
    proxies: proxySettingsOf(replica ? { ...given.settings, proxy: [] } : given.settings),
    credentials: replica ? null : given.settings.credentials,
    seedHosts: sample.seedHosts,
    pages: sample.pages.map(lanePage),
    replicaHost: origin,
    pageLimitMs: pageLimitOf(given.budgetMs),
  };
  const byMode = new Map<Mode, RunnerProcess>();
  const processOf = (mode: Mode) => {
    const process = byMode.get(mode) ?? createRunnerProcess(setUp, replica ? null : sample.answer);
    byMode.set(mode, process);
    return process;
  };
  return {
    start: (way, limitMs) => processOf(way.mode).start(way, limitMs),
    run(order) {
      if (!replica) sample.beginRun();
      return processOf(order.way.mode).run(order);
    },
    kill() {
      for (const process of byMode.values()) process.kill();
    },
  };
}

async function runRounds(
  given: CompareGiven,
  sample: FetchedSample,
  processes: Processes,
): Promise<WayRounds[]> {
  const { signal, onStep, budgetMs, isReplica, concurrencies, threads } = given;
  const cores = availableParallelism();
  const allowed = isReplica ? Number.POSITIVE_INFINITY : sample.most.atOnce;
  const most = Math.min(given.most ?? allowed, allowed);
  const mostThreads = Math.max(2, Math.floor((0.5 * process.availableMemory()) / BYTES_OF_THREAD));
  return measureRounds({
    ways: waysOf({ cores, most, mostThreads, concurrencies, threads }),
    areAllWanted: concurrencies !== null,
    mostPages: isReplica ? null : sample.pages.length,
    ...{ budgetMs, cores, signal, onStep, run: processes.run, start: processes.start },
  });
}

function concluded(
  given: CompareGiven,
  sample: FetchedSample,
  all: readonly WayRounds[],
  handlerMs: number,
): Comparison {
  const cores = availableParallelism();
  const runs = all.map(runOf);
  const profile = profileOfRounds(all);
  const time = { runs, handlerMs, pageLimitMs: pageLimitOf(given.budgetMs) };
  const decision = decide({ runs, profile, cores });
  if (!decision) {
    const texts: Record<string, string> = Object.assign({}, ...runs.map((run) => run.errorTexts));
    const why = Object.entries(texts).map(([code, text]) => `${text} (${code})`);
    throw new DroverError(
      'E_COMPARE',
      `The handler ended no page without an error. ${[...why, boundNote(time) ?? ''].join(' ').trim() || 'It did not end.'}`,
    );
  }
  const { run } = decision;
  const surety = suretyOf(all, decision, cores);
  const { mode, concurrency, threads } = run;
  const flags = `--concurrency ${concurrency}${threads > 0 ? ` --threads ${threads}` : ''}`;
  return {
    ...{ recommendation: mode, concurrency, threads, reason: reasonOf(decision, profile), surety },
    settings: { flags, handler: { blocking: mode !== 'loop' } },
    notes: notesOf({ decision, sample, isReplica: given.isReplica, surety, ...time }),
    profile,
    sample: { urls: sample.pages.length, hosts: sample.most.hosts, isReplica: given.isReplica },
    runs,
  };
}
