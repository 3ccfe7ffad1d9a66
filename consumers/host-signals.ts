// What an answer says of its host besides its content is heard before its slot is passed on to the next request.
import { namedTimeOf } from '../src/fetch/named-time.ts';
import type { FetchResult } from '../src/outcome.ts';
import { signalOf } from '../src/politeness/backoff.ts';
import type { ActiveJob, ConsumerContext } from './context.ts';

/** `ageMs`: for how long the request had been on its way. A pause holds at once in this process. */
export function listen(context: ConsumerContext, job: ActiveJob, result: FetchResult, ageMs: number): void {
  const { attempt, slot } = job;
  const longestMs = job.loadedCrawl.settings.maxPause;
  const nowMs = Date.now();
  const named = result.ok ? namedTimeOf(result.answer, nowMs) : null;
  const signal = signalOf(result, named, { attempt, longestMs, nowMs });
  const latencyMs = result.ok ? result.answer.timings.firstByte : null;
  context.backoff.note(slot.key, { signal, ageMs, latencyMs, longestMs, timed: slot.timed });
}
