// What a server's log says of a crawl of failing pages: how long it took, and of what. Pure functions.
import {
  byHost,
  PAUSE_KNOWN_AFTER_MS,
  type Pause,
  startsDuring,
} from '../../test/support/politeness/auditor.ts';
import type { LogEntry } from '../../test/support/site/site.ts';

export interface CrawlFigures {
  requests: number;
  /** From the first start to the last end. */
  seconds: number;
  /** Until the last URL had been asked for the first time. */
  firstAttemptsSeconds: number;
  /** The host that named the longest pauses: all of them, overlaps once. */
  namedPauseSeconds: number;
  /**
   * The URL that waited longest for its own retries: from its first failure without a time to its last start.
   */
  ownRetrySeconds: number;
  startsInPauses: number;
}

/** `retryAfterMs`: what the answers of status 429 name. Times in the log are milliseconds. */
export function figuresOf(log: readonly LogEntry[], retryAfterMs: number): CrawlFigures {
  const pages = log.filter(({ path }) => path !== '/robots.txt');
  const first = pages.reduce((least, { start }) => Math.min(least, start), Number.POSITIVE_INFINITY);
  const last = pages.reduce((most, { end }) => Math.max(most, end), 0);
  const byUrl = [...Map.groupBy(pages, ({ host, path }) => host + path).values()].map(inOrder);
  const firstStarts = byUrl.map(([entry]) => entry?.start ?? first);
  const hosts = [...byHost(pages).values()].map((entries) => ({
    entries,
    pauses: pausesNamed(entries, retryAfterMs),
  }));
  return {
    requests: pages.length,
    seconds: (last - first) / 1000,
    firstAttemptsSeconds: (Math.max(...firstStarts) - first) / 1000,
    namedPauseSeconds: Math.max(0, ...hosts.map(({ pauses }) => lengthMs(pauses))) / 1000,
    ownRetrySeconds: Math.max(0, ...byUrl.map(ownRetryMs)) / 1000,
    startsInPauses: hosts.reduce(
      (all, { entries, pauses }) => all + startsDuring(entries, pauses.map(onceKnown)).length,
      0,
    ),
  };
}

const inOrder = (entries: readonly LogEntry[]) => entries.toSorted((a, b) => a.start - b.start);

/** The pauses of a host, in order and joined where they overlap. */
function pausesNamed(entries: readonly LogEntry[], retryAfterMs: number): Pause[] {
  const pauses: Pause[] = [];
  for (const { end } of inOrder(entries).filter(({ status }) => status === 429)) {
    const last = pauses.at(-1);
    if (last && end <= last.untilMs) last.untilMs = Math.max(last.untilMs, end + retryAfterMs);
    else pauses.push({ fromMs: end, untilMs: end + retryAfterMs });
  }
  return pauses;
}

const onceKnown = ({ fromMs, untilMs }: Pause) => ({ fromMs: fromMs + PAUSE_KNOWN_AFTER_MS, untilMs });

const lengthMs = (pauses: readonly Pause[]) =>
  pauses.reduce((sum, { fromMs, untilMs }) => sum + untilMs - fromMs, 0);

/** Of the requests for one URL, in order. */
function ownRetryMs(entries: readonly LogEntry[]): number {
  const failed = entries.find(({ status }) => status >= 500);
  const last = entries.at(-1);
  return failed && last ? Math.max(0, last.start - failed.end) : 0;
}

export interface SlowedFigures {
  /** Starts a second before the host changed. */
  before: number;
  /** Starts in each second after the change was first felt. */
  after: number[];
}

/** `changedAt`: the end of the first answer that told of the change. Milliseconds since 1970. */
export function slowedOf(log: readonly LogEntry[], changedAt: number, seconds: number): SlowedFigures {
  const within = (from: number, to: number) => log.filter(({ start }) => start >= from && start < to).length;
  const after = Array.from({ length: seconds }, (_, second) =>
    within(changedAt + second * 1000, changedAt + (second + 1) * 1000),
  );
  return { before: within(changedAt - 1000, changedAt), after };
}
