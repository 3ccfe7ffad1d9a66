// Counts the pages of a run, and makes its figures of them.
import type { Failure } from '../../errors.ts';
import type { PageProfile, Percentiles, RunFigures, Way } from '../ways.ts';
import type { CpuTime } from './cpu-clock.ts';
import type { LanePageEnd } from './messages.ts';

/** What the process of a run used, from the begin of its window to the end. */
export interface RunUse {
  readonly wallMs: number;
  readonly process: CpuTime;
  /** Of the thread with the event loop; in a run of threads, zero. */
  readonly loop: CpuTime;
  readonly peakBytes: number;
  readonly loopDelayP99Ms: number;
}

/** A thread with less idle time than this has work all the time. */
const SATURATED = 0.8;

/**
 * The figures of the pages that were in work between `from` and `to`. A page that was so for a part of its
 * time counts for that part: so it does not matter whether pages end all at once.
 */
export function figuresOfRun(
  ends: readonly LanePageEnd[],
  window: { from: number; to: number },
  use: RunUse,
  about: { way: Way; cores: number; lost: readonly Failure[] },
): RunFigures {
  const within = ends.filter(({ endedAt }) => endedAt > window.from && endedAt <= window.to);
  const good = within.filter(({ error }) => error === null);
  const seconds = (window.to - window.from) / 1000;
  let weight = 0;
  for (const end of ends) if (end.error === null) weight += shareWithin(end, window);
  const pagesPerSecond = weight / seconds;
  const errors: Record<string, number> = {};
  const errorTexts: Record<string, string> = {};
  // One that ended after the window was in work there: a time limit may be longer than a window.
  const ended = ends.filter(({ endedAt }) => endedAt > window.from);
  for (const error of [...ended.map((end) => end.error), ...about.lost]) {
    if (error === null) continue;
    errors[error.code] = (errors[error.code] ?? 0) + 1;
    errorTexts[error.code] ??= error.message;
  }
  return {
    pages: good.length,
    ...{ seconds, pagesPerSecond, errors, errorTexts },
    latencyMs: percentilesOf(good.map(({ startedAt, endedAt }) => endedAt - startedAt)),
    cpuPer1000: weight < 0.5 ? 0 : use.process.usedMs / weight,
    peakBytes: use.peakBytes,
    loopDelayP99Ms: use.loopDelayP99Ms,
    ...limitsOf(pagesPerSecond, use, about),
    profile: about.way.mode === 'loop' && about.way.concurrency === 1 ? profileOf(good) : null,
  };
}

function shareWithin(
  { startedAt, endedAt }: LanePageEnd,
  { from, to }: { from: number; to: number },
): number {
  const inside = Math.min(endedAt, to) - Math.max(startedAt, from);
  return inside <= 0 ? 0 : inside / Math.max(endedAt - startedAt, 1e-6);
}

/** What the machine let it do, and what it would do on its own. */
function limitsOf(
  pagesPerSecond: number,
  { wallMs, process, loop }: RunUse,
  { way, cores }: { way: Way; cores: number },
): Pick<RunFigures, 'attainable' | 'isCpuBound'> {
  if (pagesPerSecond === 0) return { attainable: 0, isCpuBound: false };
  const cpuMs = process.usedMs / ((pagesPerSecond * wallMs) / 1000);
  const loopLoad = (loop.usedMs + loop.queuedMs) / wallMs;
  const others = Math.max(1, way.threads);
  const othersQueued = Math.max(0, process.queuedMs - loop.queuedMs) / (others * wallMs);
  const othersLoad = othersQueued + Math.max(0, process.usedMs - loop.usedMs) / (others * wallMs);
  const queued = way.mode === 'loop' ? loop.queuedMs / wallMs : othersQueued;
  const usable = Math.min(way.mode === 'loop' ? 1 : way.threads, cores);
  const alone = pagesPerSecond / (1 - Math.min(queued, 0.95));
  return {
    attainable: Math.max(pagesPerSecond, Math.min(alone, (usable * 1000) / cpuMs)),
    isCpuBound:
      way.mode === 'threads'
        ? othersLoad * others >= SATURATED * Math.min(cores, others)
        : loopLoad >= SATURATED || (way.mode === 'hybrid' && othersLoad >= SATURATED),
  };
}

/** The smallest values that so many percent do not exceed. Zeros without values. */
export function percentilesOf(values: readonly number[]): Percentiles {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}

function profileOf(ends: readonly LanePageEnd[]): PageProfile | null {
  const costed = ends.flatMap(({ fetchMs, handlerMs, cost }) =>
    cost ? [{ fetchMs, handlerMs, ...cost }] : [],
  );
  if (costed.length === 0) return null;
  const mean = (of: (end: (typeof costed)[number]) => number) =>
    costed.reduce((sum, end) => sum + of(end), 0) / costed.length;
  return {
    pages: costed.length,
    fetchMs: mean((end) => end.fetchMs),
    fetchCpuMs: mean((end) => end.fetchCpuMs),
    handlerMs: mean((end) => end.handlerMs),
    handlerCpuMs: mean((end) => end.handlerCpuMs),
    handlerBlockedMs: mean((end) => end.blockedMs),
  };
}
