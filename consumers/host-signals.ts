// What an answer says of its host besides its content: how fast it may be asked.
import { intervalOf, readQuota } from '../src/fetch/rate-limit-headers.ts';
import type { FetchResult, Verdict } from '../src/outcome.ts';
import type { Sight } from '../src/politeness/pace.ts';
import type { ActiveJob, ConsumerContext } from './context.ts';
import { troubleFields } from './telemetry/job-report.ts';

/** Failures that a host makes which is asked too much. */
const STRAINED = new Set([
  'E_RESPONSE_TIMEOUT',
  'E_READ_TIMEOUT',
  'E_REQUEST_TIMEOUT',
  'E_CONNECT_TIMEOUT',
  'E_RESET',
]);

/** However soon it says that it may be asked again; lua/pause.lua makes it longer. */
const LEAST_PAUSE_MS = 500;

/** Notes a pause at once in this process, the answer for the pace of its limiter key, and spreads the starts where its quota runs out. */
export function listen(
  context: ConsumerContext,
  job: ActiveJob,
  result: FetchResult,
  verdict: Verdict,
): void {
  const { key } = job;
  const { settings } = job.loadedCrawl;
  if (verdict.kind === 'postponed') {
    const leastMs = Math.max(verdict.retryAfterMs ?? 0, LEAST_PAUSE_MS);
    context.slots.keyEvents.notePause(key, Math.min(leastMs, settings.maxPause));
  }
  const sight = sightOf(result, verdict);
  if (sight) context.pace.note(key, sight, result.ok ? result.answer.timings.firstByte : null, job.timed);
  // A host that says when to come again has said all (section 7 of the draft on RateLimit headers).
  const isTold = verdict.kind === 'postponed' && verdict.retryAfterMs !== null;
  const quota = result.ok && !isTold ? readQuota(result.answer.headers, Date.now()) : null;
  if (!quota) return;
  const intervalMs = Math.min(intervalOf(quota), settings.maxPause);
  if (intervalMs <= 0) return;
  const resetMs = Math.min(quota.resetMs, settings.maxPause);
  context.demands
    .spread(key, intervalMs, resetMs)
    .catch((error) => context.log.warn(troubleFields(error), 'redis'));
}

/** Null where it says nothing of the host's strain: no connection, or told off with a time, for which it is paused. */
function sightOf(result: FetchResult, verdict: Verdict): Sight | null {
  if (!result.ok) return STRAINED.has(result.failure.code) ? 'bad' : null;
  if (verdict.kind === 'postponed') return verdict.retryAfterMs === null ? 'told' : null;
  return result.answer.status >= 500 ? 'bad' : 'good';
}
