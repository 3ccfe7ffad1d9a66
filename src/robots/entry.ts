// What drover knows about the robots.txt of one origin: what the result of fetching it means (RFC 9309 §2.3),
// and the form in which Redis stores it.
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { type Failure, knownFailure, packFailure, unpackFailure } from '../errors.ts';
import { withinLimit } from './rules.ts';

/**
 * The result of fetching a robots.txt, after up to five redirects. `later`: it cannot be fetched now, ask
 * again at `untilMs` (milliseconds since 1970).
 */
export type RobotsFetch =
  | { kind: 'answer'; status: number; body: Uint8Array }
  | { kind: 'unreachable'; cause: Failure }
  | { kind: 'later'; untilMs: number };

/** What is known about one robots.txt. Times are in milliseconds since 1970. */
export interface RobotsEntry {
  /**
   * rules: the text has the rules. none: there is no robots.txt, everything is allowed. unreachable: the
   * rules are not known, everything is disallowed.
   */
  kind: 'rules' | 'none' | 'unreachable';
  /** The bytes of the robots.txt; none unless `rules`. */
  file: Buffer;
  /**
   * For `unreachable`, the reason: the failure in the form of packFailure, or a sentence about the answer.
   * Otherwise ''.
   */
  reason: string;
  fetchedAtMs: number;
  /** After this time, the robots.txt must be fetched again. */
  freshUntilMs: number;
  /** The time since which every fetch has failed; 0 unless `unreachable`. */
  unreachableSinceMs: number;
}

const hour = 3_600_000;
const day = 24 * hour;
/** A cached robots.txt is used for at most 24 hours (RFC 9309 §2.4). */
const freshMs = day;
/**
 * The robots.txt of a host that is down is fetched again after half the time that the host has been down,
 * within these.
 */
const unreachableFreshMs = { least: 2000, most: 300_000 };
/**
 * After "a reasonably long period of time (for example, 30 days)", everything is allowed (RFC 9309 §2.3.1.4).
 */
const longUnreachableMs = 30 * day;
/** Larger files are stored compressed, in bytes. */
const largestPlain = 4096;

/**
 * The entry for the result of a fetch. `previous` is the entry before it, fresh or not, or null if there is
 * none.
 */
export function robotsEntryOf(
  fetch: Exclude<RobotsFetch, { kind: 'later' }>,
  previous: RobotsEntry | null,
  nowMs: number,
): RobotsEntry {
  const fresh = { fetchedAtMs: nowMs, freshUntilMs: nowMs + freshMs, unreachableSinceMs: 0 };
  if (fetch.kind === 'answer') {
    if (fetch.status >= 200 && fetch.status < 300)
      return { kind: 'rules', file: withinLimit(fetch.body), reason: '', ...fresh };
    // 4xx is "unavailable" (§2.3.1.3), and so is a redirect without a target or after too many others
    // (§2.3.1.2). A 429 says nothing about the rules, so it counts as a server error, as in Google's parser.
    const missing = fetch.status >= 300 && fetch.status < 500 && fetch.status !== 429;
    if (missing) return { kind: 'none', ...nothing, ...fresh };
  }
  const sinceMs = previous?.kind === 'unreachable' ? previous.unreachableSinceMs : nowMs;
  const againMs = Math.min(
    unreachableFreshMs.most,
    Math.max(unreachableFreshMs.least, (nowMs - sinceMs) / 2),
  );
  return {
    kind: 'unreachable',
    file: nothing.file,
    reason: fetch.kind === 'answer' ? `It answers with status ${fetch.status}.` : packFailure(fetch.cause),
    fetchedAtMs: nowMs,
    freshUntilMs: nowMs + Math.round(againMs),
    unreachableSinceMs: sinceMs,
  };
}

const nothing = { file: Buffer.alloc(0), reason: '' };

/** Whether everything is disallowed because the robots.txt could not be fetched. */
export function disallowsAll(entry: RobotsEntry): boolean {
  return entry.kind === 'unreachable' && entry.fetchedAtMs - entry.unreachableSinceMs < longUnreachableMs;
}

/** The failure because of which the robots.txt could not be fetched. Null if the host answered. */
export function causeOf({ kind, reason }: RobotsEntry): Failure | null {
  return kind === 'unreachable' ? knownFailure(unpackFailure(reason)) : null;
}

/**
 * How long Redis keeps the entry, in milliseconds. An unreachable entry is kept after it is stale, because it
 * says since when the host has been unreachable.
 */
export function keepMs(entry: RobotsEntry): number {
  return entry.kind === 'unreachable' ? longUnreachableMs + 10 * day : freshMs;
}

/**
 * Writes an entry as `1 KIND FETCHED FRESH SINCE z|p\n` and the file, or the reason. What is over 4 kB is
 * deflated (z), which needs a quarter of the memory; others are plain (p).
 */
export function packEntry(entry: RobotsEntry): Buffer {
  const body = entry.kind === 'rules' ? entry.file : Buffer.from(entry.reason);
  const deflate = body.length > largestPlain;
  const { kind, fetchedAtMs, freshUntilMs, unreachableSinceMs } = entry;
  const head = `1 ${kind} ${fetchedAtMs} ${freshUntilMs} ${unreachableSinceMs} ${deflate ? 'z' : 'p'}\n`;
  return Buffer.concat([Buffer.from(head), deflate ? deflateRawSync(body) : body]);
}

/** Reads what packEntry wrote. Null for anything else; the robots.txt is then fetched again. */
export function unpackEntry(packed: Buffer | null): RobotsEntry | null {
  if (packed === null) return null;
  const end = packed.indexOf(10);
  const head = /^1 (rules|none|unreachable) (\d+) (\d+) (\d+) ([zp])$/.exec(
    packed.toString('latin1', 0, end),
  );
  if (!head) return null;
  const body = bodyOf(packed.subarray(end + 1), head[5] === 'z');
  if (body === null) return null;
  const kind = head[1] as RobotsEntry['kind'];
  return {
    kind,
    ...(kind === 'rules' ? { file: body, reason: '' } : { file: nothing.file, reason: body.toString() }),
    fetchedAtMs: Number(head[2]),
    freshUntilMs: Number(head[3]),
    unreachableSinceMs: Number(head[4]),
  };
}

function bodyOf(body: Buffer, deflated: boolean): Buffer | null {
  try {
    return deflated ? inflateRawSync(body) : body;
  } catch {
    return null;
  }
}
