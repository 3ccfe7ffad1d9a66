// What an answer tells about its host (rate limits, failures, latency) is passed to the backoff.
import { namedTimeOf } from '../src/fetch/named-time.ts';
import type { FetchResult } from '../src/outcome.ts';
import { signalOf } from '../src/politeness/answer-signal.ts';
import type { ActiveFetch, ConsumerContext } from './context.ts';

/**
 * To be called before the slot goes to the next request: a pause holds in this process at once. `ageMs`: how
 * long ago the fetch began.
 */
export function noteHostSignals(
  context: ConsumerContext,
  fetch: ActiveFetch,
  result: FetchResult,
  ageMs: number,
): void {
  const { attempt, slot } = fetch;
  const longestMs = fetch.loadedCrawl.settings.maxPause;
  const nowMs = Date.now();
  const named = result.ok ? namedTimeOf(result.answer, nowMs) : null;
  const signal = signalOf(result, named, { attempt, longestMs, nowMs });
  const latencyMs = result.ok ? result.answer.timings.firstByte : null;
  context.backoff.note(slot.key, { signal, ageMs, latencyMs, longestMs, timed: slot.timed });
}
