// How long until a request is tried again.
import type { Work } from './station.ts';

/** Exponential from the crawl's (or the request's) first wait, at most its longest, with full jitter over the upper half. */
export function backoffMs(work: Work): number {
  const own = work.request.extras?.backoff;
  const first = own?.delayMs ?? work.plan.settings.backoff;
  const most = own?.maxMs ?? work.plan.settings.maxBackoff;
  const full = Math.min(most, first * 2 ** Math.min(30, work.attempt - 1));
  return full * (0.5 + Math.random() / 2);
}

const FIRST_PAUSE_MS = 1000;
const JITTER_MS = 100;

/**
 * How long a key pauses after 429 or 503: as Retry-After says, at most `maxPauseMs`; without it, as long again as the request has
 * waited already (so it doubles), at least a second.
 */
export function rateLimitPauseMs(retryAfterMs: number | null, waitedMs: number, maxPauseMs: number): number {
  const asked = retryAfterMs ?? Math.max(FIRST_PAUSE_MS, waitedMs) * (0.75 + Math.random() / 2);
  return Math.min(maxPauseMs, Math.max(asked, 50)) + Math.random() * JITTER_MS;
}
