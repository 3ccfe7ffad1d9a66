// Whether the server's log shows that the limits of all hosts were kept, and that each page was fetched once.
import { type Violation, violationsOf } from '../../test/support/politeness/auditor.ts';
import type { LogEntry } from '../../test/support/site/site.ts';
import { TOLERANCE_MS } from '../politeness/figures.ts';
import { type HostLimits, limitsOf, nameOf, pathOf, type Shape } from './hosts.ts';
import { type LoggedRequest, ROBOTS, requestsByHost, UNKNOWN } from './log.ts';

export interface LogAudit {
  /** Requests of pages and of robots.txt. */
  requests: number;
  robots: number;
  /** Pages that were served with 200, each once. */
  served: number;
  /** Requests for a page beyond its first. */
  again: number;
  /** Requests for what the site does not have, and answers that never reached the client. */
  odd: number;
  hosts: number;
  /** Connections: each belongs to one host. */
  connections: number;
  /** Requests that took the last place of a host that may have several in flight. */
  full: number;
  /** Starts at hosts with a delay that came within 10 % after it. Without them, nothing tested it. */
  atDelay: number;
  /** Starts that would be breaches if the server had not been busy when it noted the one before. */
  excused: number;
  /** By how much the earliest of those came too early, in milliseconds. */
  mostExcusedMs: number;
  breaches: Violation[];
}

/** Audits the content of a log of the scenario. The server's clock has an error of TOLERANCE_MS. */
export function auditLog(log: Buffer, shape: Shape): LogAudit {
  const all: LogAudit = {
    ...{ requests: 0, robots: 0, served: 0, again: 0, odd: 0, hosts: 0, connections: 0 },
    ...{ full: 0, atDelay: 0, excused: 0, mostExcusedMs: 0, breaches: [] },
  };
  for (const [host, requests] of requestsByHost(log, shape.hosts)) {
    if (requests.length === 0) continue;
    const pages = requests.filter(({ page, status }) => page < UNKNOWN && status === 200);
    const different = new Set(pages.map(({ page }) => page)).size;
    const robots = requests.filter(({ page }) => page === ROBOTS).length;
    const limits = limitsOf(host, shape);
    all.requests += requests.length;
    all.robots += robots;
    all.served += different;
    all.again += pages.length - different;
    all.odd += requests.length - robots - pages.length;
    all.hosts++;
    all.connections += new Set(requests.map(({ port }) => port)).size;
    all.full += startsWhenFull(requests, limits);
    all.atDelay += startsAtDelay(requests, limits);
    const entries = requests.map(entryOf);
    const breaches = violationsOf(entries, limits, [], TOLERANCE_MS);
    const punctual = entries.map((entry) => ({ ...entry, lateMs: 0 }));
    const early = violationsOf(punctual, limits, [], TOLERANCE_MS);
    const isBreach = new Set(breaches.map(({ later }) => later.start));
    const excused = early.filter(({ later }) => !isBreach.has(later.start));
    all.excused += excused.length;
    all.mostExcusedMs = Math.max(all.mostExcusedMs, ...excused.map(({ earlyMs }) => earlyMs));
    all.breaches.push(...breaches);
  }
  return all;
}

function entryOf({ start, end, host, page, status, port, lateMs }: LoggedRequest): LogEntry {
  const path = page === ROBOTS ? '/robots.txt' : page === UNKNOWN ? '?' : pathOf(page);
  const client = { remoteAddress: '127.0.0.1', remotePort: port };
  return { start, end, host: nameOf(host), method: 'GET', path, status, lateMs, ...client };
}

/** Ends come before starts of the same instant. */
function startsWhenFull(requests: readonly LoggedRequest[], { concurrency }: HostLimits): number {
  const inOrder = requests.toSorted((a, b) => a.start - b.start);
  let inFlight: LoggedRequest[] = [];
  let full = 0;
  for (const request of inOrder) {
    inFlight = inFlight.filter(({ end }) => end > request.start);
    inFlight.push(request);
    if (concurrency > 1 && inFlight.length >= concurrency) full++;
  }
  return full;
}

function startsAtDelay(requests: readonly LoggedRequest[], { delayMs }: HostLimits): number {
  if (delayMs === 0) return 0;
  const starts = requests.map(({ start }) => start).sort((a, b) => a - b);
  return starts.filter((start, k) => k > 0 && start - (starts[k - 1] ?? 0) < 1.1 * delayMs).length;
}
