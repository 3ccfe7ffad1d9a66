// Reads from an answer whether and when its host may be asked again.
import type { Answer, NamedTime } from '../outcome.ts';
import { readQuotas } from './rate-limit-headers.ts';
import { parseRetryAfter } from './retry-after.ts';

const TOO_MANY_REQUESTS = 429;

type AnswerHead = Pick<Answer, 'status' | 'notModified'>;

/**
 * Whether a status may mean that a request was beyond a quota: GitHub uses 403, gateways use 413 and any 5xx.
 * Other statuses are about their page, whatever is left of a quota.
 */
const mayBeBeyondQuota = (status: number) =>
  status === 403 ||
  status === 408 ||
  status === 413 ||
  status === 425 ||
  status === 429 ||
  (status >= 500 && status < 600);

/** Whether an answer is a success: 2xx, or the 304 that a conditional request hopes for. */
export function isServed({ status, notModified }: AnswerHead): boolean {
  return (status >= 200 && status < 300) || notModified === true;
}

/**
 * Whether the host wants to be asked later instead of answering: no success, and a named time (namedTimeOf)
 * or the status 429 (RFC 6585 section 4).
 */
export function isRefusal(answer: AnswerHead, named: NamedTime | null): boolean {
  return !isServed(answer) && (named !== null || answer.status === TOO_MANY_REQUESTS);
}

/**
 * Retry-After counts with any status (RFC 9110 section 10.2.3), before the end of a used-up quota
 * (draft-ietf-httpapi-ratelimit-headers section 7), which counts with a status that may mean it. Null if the
 * answer names neither. `nowMs`: milliseconds since 1970.
 */
export function namedTimeOf(
  { status, headers }: { status: number; headers: Record<string, string> },
  nowMs: number,
): NamedTime | null {
  const afterMs = parseRetryAfter(headers['retry-after'], nowMs);
  if (afterMs !== null) return { afterMs, by: 'retry-after' };
  const spent = mayBeBeyondQuota(status) ? readQuotas(headers, nowMs)?.spent : null;
  return spent ? { afterMs: spent.resetMs, by: 'quota' } : null;
}
