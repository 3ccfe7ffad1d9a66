// What a consumer tells of its proxies with its heartbeat.
import type { ProxyStanding } from '../fetch/proxy/rotation.ts';
import { redact } from '../redact.ts';

/** A consumer tells of so many proxies: those that are left out, and those that are used most. */
const MOST_TOLD = 50;

export interface ToldProxies {
  count: number;
  leftOut: number;
  each: readonly ProxyStanding[];
}

export function proxiesToTell(standings: readonly ProxyStanding[]): ToldProxies {
  const each = standings
    .toSorted((one, other) => weightOf(other) - weightOf(one))
    .slice(0, MOST_TOLD)
    .map((one) => ({
      ...one,
      failure: one.failure && { ...one.failure, message: redact(one.failure.message) },
    }));
  return {
    count: standings.length,
    leftOut: standings.filter(({ leftOutMs }) => leftOutMs > 0).length,
    each,
  };
}

const weightOf = ({ leftOutMs, inFlight, worked, failed }: ProxyStanding) =>
  (leftOutMs > 0 ? 1e15 : 0) + inFlight * 1e9 + worked + failed;
