// Reads from an answer when its host may be asked again.
import type { NamedTime } from '../outcome.ts';
import { readQuotas } from './rate-limit-headers.ts';
import { parseRetryAfter } from './retry-after.ts';

/**
 * Statuses with which servers refuse requests beyond a quota (GitHub uses 403). Any other status is about its
 * page, whatever is left of a quota.
 */
const refusals: ReadonlySet<number> = new Set([403, 429, 503]);

/**
 * Retry-After counts with any status (RFC 9110 section 10.2.3), before the end of a used-up quota
 * (draft-ietf-httpapi-ratelimit-headers section 7), which counts only with a refusal. Null if the answer
 * names neither. `nowMs`: milliseconds since 1970.
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
