// How long until a request is tried again.
import type { ActiveJob } from './context.ts';

/** Exponential from the crawl's (or the request's) first wait, at most its longest, with full jitter over the upper half. */
export function backoffMs(job: ActiveJob): number {
  const own = job.request.extras?.backoff;
  const first = own?.delayMs ?? job.loadedCrawl.settings.backoff;
  const most = own?.maxMs ?? job.loadedCrawl.settings.maxBackoff;
  const full = Math.min(most, first * 2 ** Math.min(30, job.attempt - 1));
  return full * (0.5 + Math.random() / 2);
}
