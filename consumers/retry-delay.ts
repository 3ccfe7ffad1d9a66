// How long until a request is tried again.
import type { Work } from './context.ts';

/** Exponential from the crawl's (or the request's) first wait, at most its longest, with full jitter over the upper half. */
export function backoffMs(work: Work): number {
  const own = work.request.extras?.backoff;
  const first = own?.delayMs ?? work.plan.settings.backoff;
  const most = own?.maxMs ?? work.plan.settings.maxBackoff;
  const full = Math.min(most, first * 2 ** Math.min(30, work.attempt - 1));
  return full * (0.5 + Math.random() / 2);
}
