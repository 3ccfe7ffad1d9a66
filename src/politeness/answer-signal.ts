// What one answer tells about its host: whether it was good, and what it says about further requests.
import { catalogue } from '../errors.ts';
import { isRefusal } from '../fetch/named-time.ts';
import { intervalOf, readQuotas } from '../fetch/rate-limit-headers.ts';
import { standInOf } from '../fetch/stand-ins.ts';
import type { FetchResult, NamedTime } from '../outcome.ts';

/**
 * What one answer tells about its host. retried: a URL failed that had failed before. That changes no figure;
 * it only lets a slower pace fade.
 */
export interface Signal {
  kind: 'good' | 'failure' | 'retried' | 'refusal' | 'nothing';
  /** When to come again. A good answer may name a time too. */
  named: NamedTime | null;
  quota: { intervalMs: number; forMs: number } | null;
}

/**
 * `named`: when to come again, by this answer. `attempt`: counted from 1. `nowMs`: milliseconds since 1970.
 */
export function signalOf(
  result: FetchResult,
  named: NamedTime | null,
  { attempt, longestMs, nowMs }: { attempt: number; longestMs: number; nowMs: number },
): Signal {
  const failure = attempt === 1 ? 'failure' : 'retried';
  if (!result.ok)
    return { kind: catalogue[result.failure.code].strain ? failure : 'nothing', named: null, quota: null };
  const { status, headers } = result.answer;
  // The answer of a gatekeeper, whatever its status. It says nothing about the host's health, nor when to
  // come again.
  if (standInOf(result.answer) !== null) return { kind: 'nothing', named: null, quota: null };
  // A host that refuses or names a time has said everything: draft-ietf-httpapi-ratelimit-headers, section 7.
  if (isRefusal(result.answer, named)) return { kind: 'refusal', named, quota: null };
  if (named !== null) return { kind: 'good', named, quota: null };
  const kind = status >= 500 ? failure : 'good';
  const quotas = readQuotas(headers, nowMs);
  if (quotas === null) return { kind, named: null, quota: null };
  const { spent, tightest } = quotas;
  if (spent) return { kind, named: { afterMs: spent.resetMs, by: 'quota' }, quota: null };
  const intervalMs = Math.min(intervalOf(tightest), longestMs);
  const forMs = Math.min(tightest.resetMs, longestMs);
  return { kind, named: null, quota: intervalMs > 0 ? { intervalMs, forMs } : null };
}
