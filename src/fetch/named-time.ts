// When an answer says that its host may be asked again.
import type { NamedTime } from '../outcome.ts';
import { readQuotas } from './rate-limit-headers.ts';
import { parseRetryAfter } from './retry-after.ts';

/** Statuses by which servers refuse what is beyond a quota: 403 is GitHub's, for one. Any other is about its page, whatever is left of a quota. */
const refusals: ReadonlySet<number> = new Set([403, 429, 503]);

/**
 * Retry-After, whatever the status (RFC 9110 section 10.2.3), before the end of a spent quota (draft-ietf-httpapi-ratelimit-headers
 * section 7), which counts with a refusal alone; null if the answer names neither. `nowMs`: milliseconds since 1970.
 */
export function namedTimeOf(
  { status, headers }: { status: number; headers: Record<string, string> },
  nowMs: number,
): NamedTime | null {
  const afterMs = parseRetryAfter(headers['retry-after'], nowMs);
  if (afterMs !== null) return { afterMs, by: 'retry-after' };
  const spent = refusals.has(status) ? readQuotas(headers, nowMs)?.spent : null;
  return spent ? { afterMs: spent.resetMs, by: 'quota' } : null;
}
