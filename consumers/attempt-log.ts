// The log of a request's attempts. It is kept with the job, so that a dead letter can show each attempt.
import type { Failure } from '../src/errors.ts';
import { mediaTypeOf } from '../src/fetch/body/media-type.ts';
import { decodeText } from '../src/fetch/body/text.ts';
import { type Answer, type FetchResult, NO_TIMINGS } from '../src/outcome.ts';
import { printable } from '../src/printable.ts';
import { type Attempt, type PackedAttempt, packAttempts, unpackAttempts } from '../src/queue/attempts.ts';
import type { ActiveJob } from './context.ts';
import { reservationFor, statementsOn } from './usage.ts';

/** Attempts that are kept for one request. The oldest are dropped first. */
const MOST_ATTEMPTS = 20;
const BODY_BYTES = 1024;
const BODY_CHARACTERS = 300;

/**
 * The job's attempts so far, and the one that just failed. `result` is null when nothing was fetched
 * (robots.txt forbade it, or the job stalled).
 */
export function triesWith(
  job: ActiveJob,
  end: { failure: Failure; answer: Answer | null; result: FetchResult | null },
): PackedAttempt[] {
  const { failure, answer, result } = end;
  const failed = result && !result.ok ? result : null;
  const attempt: Attempt = {
    at: new Date().toISOString(),
    code: failure.code,
    layer: failure.layer,
    message: failure.message,
    status: answer?.status ?? failed?.came?.status ?? null,
    address: answer?.address ?? failed?.came?.address ?? null,
    finalUrl: answer?.finalUrl ?? (failed?.finalUrl || null),
    timings: answer?.timings ?? failed?.timings ?? NO_TIMINGS,
    body: answer && reservationFor(job, statementsOn(job, answer, [])) === null ? beginningOf(answer) : null,
  };
  const { url } = job.request;
  return packAttempts([...unpackAttempts(job.memory.tries, url), attempt].slice(-MOST_ATTEMPTS), url);
}

/** The first characters of the body, safe to show; null when the body is not text. */
function beginningOf({ body, headers }: Answer): string | null {
  if (body.byteLength === 0) return null;
  const beginning = body.subarray(0, BODY_BYTES);
  const { text } = decodeText(beginning, mediaTypeOf(headers['content-type'], beginning));
  const shown = printable(text.slice(0, BODY_CHARACTERS));
  const unreadable = shown.match(/\ufffd|\\x/g)?.length ?? 0;
  return unreadable * 10 > shown.length ? null : shown;
}
