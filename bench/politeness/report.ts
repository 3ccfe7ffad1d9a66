// The output of the politeness benchmark: a line for each host, the violations if there are any, and a
// verdict.

import type { Violation } from '../../test/support/politeness/auditor.ts';
import { inColumns } from '../measure/columns.ts';
import type { PoliteCrawl } from './crawl.ts';
import { type HostFigures, TOLERANCE_MS } from './figures.ts';
import type { PoliteHost } from './hosts.ts';

/** The budget: the share of its allowed throughput that each host should be used. */
const LEAST_SHARE = 0.9;
const MOST_SHOWN = 20;

export interface Verdict {
  violations: number;
  lost: number;
  doubled: number;
  leastShare: number;
  leastShareBesideKills: number;
  /**
   * The number of starts whose noted time may be wrong by more than the tolerance, because the server was
   * busy.
   */
  blurred: number;
  busy: number;
  /** No violation, nothing lost, nothing doubled. Unlike the shares, this does not depend on the machine. */
  polite: boolean;
  /** Every host was used enough, apart from the times after kills. */
  fast: boolean;
}

/** The verdict on a crawl, from the figures of its hosts. */
export function verdictOf(hosts: readonly HostFigures[], { log, lost, doubled, busy }: PoliteCrawl): Verdict {
  const violations = hosts.reduce((all, host) => all + host.violations.length, 0);
  const leastShareBesideKills = Math.min(...hosts.map(({ shareBesideKills }) => shareBesideKills));
  return {
    violations,
    lost: lost.length,
    doubled,
    leastShare: Math.min(...hosts.map(({ share }) => share)),
    leastShareBesideKills,
    blurred: log.filter(({ lateMs = 0 }) => lateMs > TOLERANCE_MS).length,
    busy,
    polite: violations + lost.length + doubled === 0,
    fast: leastShareBesideKills >= LEAST_SHARE,
  };
}

/** The report as text: a table of hosts, the violations, the verdict. */
export function report(hosts: readonly HostFigures[], verdict: Verdict): string {
  const head = [
    ...['host', 'limits', 'latency', '429s', 'requests', 'in flight', 'smallest gap', 'starts in a window'],
    ...['in pauses', 'per second', 'share of allowed', 'without kills', 'violations'],
  ];
  const rows = hosts.map((figures) => [
    ...[figures.address, limitsOf(figures.host), `${figures.host.latencyMs} ms`, refusalsOf(figures)],
    ...[String(figures.requests), String(figures.mostInFlight), `${figures.smallestGapMs.toFixed(1)} ms`],
    ...[String(figures.mostStarts), String(figures.startsInPauses), figures.perSecond.toFixed(2)],
    ...[percent(figures.share), percent(figures.shareBesideKills), String(figures.violations.length)],
  ]);
  const found = hosts.flatMap(({ address, violations }) => violations.map((one) => lineOf(address, one)));
  const more = found.length > MOST_SHOWN ? [`… and ${found.length - MOST_SHOWN} more`] : [];
  return [inColumns([head, ...rows], 2), '', ...found.slice(0, MOST_SHOWN), ...more, sentence(verdict)].join(
    '\n',
  );
}

function limitsOf({ concurrency, delayMs, max, durationMs = 0 }: PoliteHost): string {
  const parts = [`${concurrency} at a time`];
  if (delayMs > 0) parts.push(`${delayMs} ms apart`);
  if (max) parts.push(`${max} in ${durationMs / 1000} s`);
  return parts.join(', ');
}

function refusalsOf({ host, pauses }: HostFigures): string {
  return host.refuses ? `${pauses} × ${host.refuses.retryAfterSeconds} s` : '–';
}

function lineOf(address: string, { kind, earlier, later, earlyMs }: Violation): string {
  const [since, at] = kind === 'pause' ? ['the end', earlier.end] : ['the start', earlier.start];
  const apart = `${(later.start - at).toFixed(1)} ms after ${since} of ${earlier.path} (${earlier.status})`;
  return `${address} ${kind}: ${later.path} came ${earlyMs.toFixed(1)} ms too early, ${apart}`;
}

function sentence(verdict: Verdict): string {
  const { violations, lost, doubled, leastShare, leastShareBesideKills, blurred, busy, polite, fast } =
    verdict;
  const held = `${violations} violations (tolerance ${TOLERANCE_MS} ms), ${lost} URLs lost, ${doubled} doubled: ${polite ? 'held' : 'BROKEN'}`;
  const used = `each host was used at ${percent(leastShareBesideKills)} or more of what it allows (${percent(leastShare)} with the times after kills); budget ${percent(LEAST_SHARE)}: ${fast ? 'met' : 'MISSED'}`;
  const machine = `the machine's CPUs were ${percent(busy)} busy; the server noted ${blurred} starts too late because of that`;
  return [held, used, machine].join('\n');
}

export const percent = (share: number) => `${(share * 100).toFixed(1)} %`;
