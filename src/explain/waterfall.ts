// Where the time of one request went: its phases in order, each at its place on the time axis and beside its
// limit, and which limit would fire first.
import { type Layer, type ShownFailure, shownFailure } from '../errors.ts';
import type { FetchTimeouts } from '../fetch/client.ts';
import type { PhaseSpan } from '../fetch/timeouts.ts';
import type { HopTrace } from '../fetch/trace.ts';
import { adviceOn } from '../queue/dead-letters.ts';
import type { CrawlRecord } from '../record.ts';

/** As in a record's timings, and `send`. */
export type PhaseName = 'dns' | 'connect' | 'tls' | 'send' | 'firstByte' | 'download';

export interface WaterfallPhase {
  phase: PhaseName | 'total';
  /** When it began, in milliseconds after the request; null if that is not known or it did not take place. */
  atMs: number | null;
  /** How long it took; null if it did not take place. */
  ms: number | null;
  /** Of reading alone: the longest time without data, to which its limit applies; null if not known. */
  longestPauseMs: number | null;
  /** Null for a phase that has no limit of its own, such as reading the body of a redirect. */
  limitMs: number | null;
  /** The option that sets the limit. */
  option: string | null;
  /** How much of the limit was used; null without a limit or a time. */
  percent: number | null;
  /** The request failed in this phase. */
  failed: boolean;
}

export interface WaterfallHop {
  url: string;
  status: number | null;
  /** IP address of the server; null if it is not known. */
  address: string | null;
  /** The proxy between; null for none. */
  proxy: string | null;
  /** Null when the hop never had a connection. */
  connection: 'new' | 'kept' | null;
  /** Where a redirect leads. */
  location: string | null;
  phases: WaterfallPhase[];
}

export interface Waterfall {
  hops: WaterfallHop[];
  total: WaterfallPhase;
  /** The phase that was nearest to its limit; null when none has both a time and a limit. */
  nearest: (WaterfallPhase & { hop: number }) | null;
  error: (ShownFailure & { advice: string }) | null;
  /** Of a record: how long it waited before the fetch. */
  waited: { queueMs: number | null; slotMs: number | null } | null;
}

interface PhaseKind {
  phase: PhaseName;
  limit: keyof FetchTimeouts;
  spans: readonly PhaseSpan['phase'][];
}

const kinds: readonly PhaseKind[] = [
  { phase: 'dns', limit: 'dns', spans: ['dns'] },
  { phase: 'connect', limit: 'connect', spans: ['connect'] },
  { phase: 'tls', limit: 'tls', spans: ['tls'] },
  { phase: 'send', limit: 'send', spans: ['send'] },
  { phase: 'firstByte', limit: 'response', spans: ['response'] },
  { phase: 'download', limit: 'read', spans: ['read', 'drain', 'decode'] },
];

/** Where an error of this layer arose, for a record, which does not say so. Others end no fetch. */
const phaseOfLayer: Readonly<Partial<Record<Layer, WaterfallPhase['phase']>>> = {
  dns: 'dns',
  guard: 'dns',
  connect: 'connect',
  tls: 'tls',
  send: 'send',
  response: 'firstByte',
  read: 'download',
  body: 'download',
  request: 'total',
};

/** The waterfall of a fetch from its hops. `error`: why there is no answer, or null. */
export function waterfallOf(
  traces: readonly HopTrace[],
  limits: FetchTimeouts,
  error: ShownFailure | null,
): Waterfall {
  let atMs = 0;
  const hops = traces.map((trace) => {
    const hop = hopOf(trace, limits, atMs);
    atMs += trace.totalMs;
    return hop;
  });
  const failed = error?.code === 'E_REQUEST_TIMEOUT';
  return finished(hops, phaseOf('total', { atMs: 0, ms: tenths(atMs), failed }, limits), error);
}

function hopOf(trace: HopTrace, limits: FetchTimeouts, hopAtMs: number): WaterfallHop {
  const { url, status, address, proxy, reused, location, failure, spans } = trace;
  const last = failure ? spans.at(-1)?.phase : undefined;
  const lastKind = kinds.findIndex((kind) => last !== undefined && kind.spans.includes(last));
  const reached = failure ? kinds.slice(0, lastKind + 1) : kinds;
  const phases = reached.map((kind, index) => {
    const own = spans.filter(({ phase }) => kind.spans.includes(phase));
    const [first] = own;
    const end = own.at(-1);
    const time =
      first && end
        ? { atMs: tenths(hopAtMs + first.atMs), ms: tenths(end.atMs + end.ms - first.atMs) }
        : { atMs: null, ms: null };
    const reads = own.filter(({ phase }) => phase === 'read').map(({ longestPauseMs }) => longestPauseMs);
    const longestPauseMs = reads.length > 0 ? Math.max(...reads) : null;
    const failed = failure !== null && index === lastKind;
    const isUnlimited = own.length > 0 && kind.phase === 'download' && longestPauseMs === null;
    return phaseOf(kind, { ...time, longestPauseMs, failed, isUnlimited }, limits);
  });
  const connection = reused === null ? null : reused ? 'kept' : 'new';
  return { url, status, address, proxy, connection, location, phases };
}

/**
 * The waterfall of a record: of its last attempt, and of the last hop of that. Null when nothing was sent.
 * What its timings do not hold (sending, and the pauses in reading) is null.
 */
export function waterfallOfRecord(record: CrawlRecord, limits: FetchTimeouts): Waterfall | null {
  const { dns, connect, tls, firstByte, download, total, queue, slot } = record.timings;
  if (total === null) return null;
  const ms = { dns, connect, tls, send: null, firstByte, download };
  const failedIn = record.error ? (phaseOfLayer[record.error.layer] ?? null) : null;
  const before = { dns: 0, connect: dns ?? 0, tls: (dns ?? 0) + (connect ?? 0), send: 0 };
  const readingAt = Math.max(0, total - (download ?? 0));
  const at = { ...before, firstByte: Math.max(0, readingAt - (firstByte ?? 0)), download: readingAt };
  const phases = kinds.map((kind) => {
    const { phase } = kind;
    const atMs = ms[phase] === null ? null : tenths(at[phase]);
    return phaseOf(kind, { atMs, ms: ms[phase], failed: phase === failedIn }, limits);
  });
  const hop: WaterfallHop = {
    url: record.finalUrl ?? record.url,
    status: record.status,
    address: null,
    proxy: record.proxy ?? null,
    connection: connect !== null ? 'new' : firstByte !== null ? 'kept' : null,
    location: null,
    phases,
  };
  const totalPhase = phaseOf('total', { atMs: 0, ms: total, failed: failedIn === 'total' }, limits);
  const waited = { queueMs: queue, slotMs: slot };
  return { ...finished([hop], totalPhase, failedIn === null ? null : record.error), waited };
}

interface Measured {
  atMs: number | null;
  ms: number | null;
  failed: boolean;
  longestPauseMs?: number | null;
  /** The body of a redirect: it is read without the limit of reading, and not read when it takes long. */
  isUnlimited?: boolean;
}

function phaseOf(kind: PhaseKind | 'total', measured: Measured, limits: FetchTimeouts): WaterfallPhase {
  const { atMs, ms, failed, longestPauseMs = null, isUnlimited = false } = measured;
  const { phase, limit } = kind === 'total' ? ({ phase: 'total', limit: 'request' } as const) : kind;
  const counted = phase === 'download' ? longestPauseMs : ms;
  const limitMs = limits[limit];
  return {
    ...{ phase, atMs, ms, longestPauseMs, failed },
    limitMs: isUnlimited ? null : limitMs,
    option: isUnlimited ? null : `--timeout-${limit}`,
    percent: isUnlimited || counted === null ? null : thousandths((100 * counted) / limitMs),
  };
}

function finished(hops: WaterfallHop[], total: WaterfallPhase, error: ShownFailure | null): Waterfall {
  const all = [
    ...hops.flatMap(({ phases }, hop) => phases.map((phase) => ({ ...phase, hop }))),
    { ...total, hop: hops.length - 1 },
  ].filter(({ percent }) => percent !== null);
  const nearest = all.reduce<Waterfall['nearest']>(
    (most, each) => (most === null || (each.percent ?? 0) > (most.percent ?? 0) ? each : most),
    null,
  );
  const shown = error && { ...shownFailure(error), advice: adviceOn(error.code) };
  return { hops, total, nearest, error: shown, waited: null };
}

function thousandths(value: number): number {
  return Math.round(value * 1000) / 1000;
}

function tenths(value: number): number {
  return Math.round(value * 10) / 10;
}
