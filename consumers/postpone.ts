// Postpones a request because its host asked to come later. This uses up no attempt, as long as
// --max-postponed allows it.
import { type Failure, failure } from '../src/errors.ts';
import type { Outcome } from '../src/outcome.ts';
import { LEAST_POSTPONED_MS, POSTPONED_JITTER_MS } from '../src/politeness/backoff.ts';
import type { PauseState } from '../src/politeness/host-backoff.ts';
import type { ActiveJob, ConsumerContext } from './context.ts';
import { postponeFor } from './decision.ts';

/**
 * `pause`: how the host stands after the fleet has heard its answer. `why` is reported. Returns null when the
 * request has been postponed for too long in all.
 */
export async function postpone(
  context: ConsumerContext,
  job: ActiveJob,
  { pause, why }: { pause: PauseState | Promise<PauseState>; why: Failure },
): Promise<Outcome | null> {
  const { pausedMs, refusedForMs } = await pause;
  const now = Date.now();
  const since = Math.min(job.memory.rateLimitedAt ?? now, now - refusedForMs);
  if (now + pausedMs - since > job.loadedCrawl.settings.maxPostponed) return null;
  if (job.memory.rateLimitedAt === null) await job.remember({ rateLimitedAt: now });
  context.tallies.count(job.crawl, 'postponed');
  job.trace.failure = why;
  return postponeFor(Math.max(pausedMs, LEAST_POSTPONED_MS) + Math.random() * POSTPONED_JITTER_MS);
}

/** When a request looks for a proxy again, if nobody knows better. */
const PROXY_AGAIN_MS = 2000;

/**
 * The request waits for a proxy: what keeps it from being fetched is on our side, as a full disk would be.
 * Null when its failure has another cause, and when it has waited longer than --max-postponed. `againMs`:
 * when a proxy may be there again.
 */
export async function postponeForProxy(
  context: ConsumerContext,
  job: ActiveJob,
  why: Failure,
  againMs = PROXY_AGAIN_MS,
): Promise<Outcome | null> {
  if (why.code !== 'E_PROXY_CONNECT') return null;
  const now = Date.now();
  const { noProxyAt = now } = job.memory;
  if (now - noProxyAt > job.loadedCrawl.settings.maxPostponed) return null;
  if (job.memory.noProxyAt === undefined) await job.remember({ noProxyAt });
  context.tallies.count(job.crawl, 'postponed');
  job.trace.failure = why;
  return postponeFor(Math.max(againMs, LEAST_POSTPONED_MS) + Math.random() * POSTPONED_JITTER_MS);
}

/** The host has asked to come later, with an answer of this status. */
export function rateLimited(status: number): Failure {
  return failure('E_RATE_LIMITED', `Status ${status}.`);
}

/** The same, and a crawl does not wait for so long. */
export function postponedTooLong(status: number): Failure {
  return failure('E_RATE_LIMITED', `Status ${status}. That would take longer than --max-postponed.`);
}
