// What is known of one origin's robots.txt, what a fetch of it means (RFC 9309 §2.3), and the form in which Redis keeps it.
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { type Failure, knownFailure, packFailure, unpackFailure } from '../errors.ts';
import { withinLimit } from './rules.ts';

/** What the fetching of robots.txt, up to five redirects followed, came to. `later`: it could not be asked now. */
export type RobotsFetch =
  | { kind: 'answer'; status: number; text: string }
  | { kind: 'unreachable'; cause: Failure }
  | { kind: 'later'; untilMs: number };

/** Times in milliseconds since 1970. */
export interface RobotsEntry {
  /** rules: obey the text. none: there is no robots.txt, all is allowed. unreachable: nothing is known, all is disallowed. */
  kind: 'rules' | 'none' | 'unreachable';
  /** The robots.txt, or for `unreachable` the reason: the failure behind it as packFailure writes it, or a sentence on the answer. */
  text: string;
  fetchedAtMs: number;
  /** After that it must be fetched again. */
  freshUntilMs: number;
  /** Since when every fetch has failed; 0 unless `unreachable`. */
  unreachableSinceMs: number;
}

const hour = 3_600_000;
const day = 24 * hour;
/** RFC 9309 §2.4: no cached version is used for more than 24 hours. */
const freshMs = day;
/** A host that is down is asked again soon, then ever less often: after half the time that it has been down. */
const unreachableFreshMs = { least: 2000, most: 300_000 };
/** §2.3.1.4: "a reasonably long period of time (for example, 30 days)", after which all is allowed. */
const longUnreachableMs = 30 * day;
const largestPlain = 4096;

/** The entry that a fetch gives. `previous`: the last one, fresh or not, if it is still known. */
export function entryOf(
  fetch: Exclude<RobotsFetch, { kind: 'later' }>,
  previous: RobotsEntry | null,
  nowMs: number,
): RobotsEntry {
  const fresh = { fetchedAtMs: nowMs, freshUntilMs: nowMs + freshMs, unreachableSinceMs: 0 };
  if (fetch.kind === 'answer') {
    if (fetch.status >= 200 && fetch.status < 300)
      return { kind: 'rules', text: withinLimit(fetch.text), ...fresh };
    // 4xx is "unavailable" (§2.3.1.3), and so is a redirect with no target or one too many (§2.3.1.2). A 429 says nothing
    // of the rules: Google's parser, like this one, takes it for a server error.
    const missing = fetch.status >= 300 && fetch.status < 500 && fetch.status !== 429;
    if (missing) return { kind: 'none', text: '', ...fresh };
  }
  const sinceMs = previous?.kind === 'unreachable' ? previous.unreachableSinceMs : nowMs;
  const againMs = Math.min(
    unreachableFreshMs.most,
    Math.max(unreachableFreshMs.least, (nowMs - sinceMs) / 2),
  );
  return {
    kind: 'unreachable',
    text: fetch.kind === 'answer' ? `It answers with status ${fetch.status}.` : packFailure(fetch.cause),
    fetchedAtMs: nowMs,
    freshUntilMs: nowMs + Math.round(againMs),
    unreachableSinceMs: sinceMs,
  };
}

/** Whether all is disallowed for want of a robots.txt. */
export function disallowsAll(entry: RobotsEntry): boolean {
  return entry.kind === 'unreachable' && entry.fetchedAtMs - entry.unreachableSinceMs < longUnreachableMs;
}

/** The failure for want of which there is no robots.txt; null where the host answered, or where all is well. */
export function causeOf({ kind, text }: RobotsEntry): Failure | null {
  return kind === 'unreachable' ? knownFailure(unpackFailure(text)) : null;
}

/** How long Redis is to keep it: since when a host is unreachable must outlive the entry itself. */
export function keepMs(entry: RobotsEntry): number {
  return entry.kind === 'unreachable' ? longUnreachableMs + 10 * day : freshMs;
}

/** `1 KIND FETCHED FRESH SINCE z|p\n`, then the text, deflated (z) where it is larger than 4 kB: a quarter of the memory. */
export function packEntry(entry: RobotsEntry): Buffer {
  const text = Buffer.from(entry.text);
  const deflate = text.length > largestPlain;
  const { kind, fetchedAtMs, freshUntilMs, unreachableSinceMs } = entry;
  const head = `1 ${kind} ${fetchedAtMs} ${freshUntilMs} ${unreachableSinceMs} ${deflate ? 'z' : 'p'}\n`;
  return Buffer.concat([Buffer.from(head), deflate ? deflateRawSync(text) : text]);
}

/** The inverse of packEntry; null for anything else, which is then fetched again. */
export function unpackEntry(packed: Buffer | null): RobotsEntry | null {
  if (packed === null) return null;
  const end = packed.indexOf(10);
  const head = /^1 (rules|none|unreachable) (\d+) (\d+) (\d+) ([zp])$/.exec(
    packed.toString('latin1', 0, end),
  );
  if (!head) return null;
  const text = textOf(packed.subarray(end + 1), head[5] === 'z');
  if (text === null) return null;
  return {
    kind: head[1] as RobotsEntry['kind'],
    text,
    fetchedAtMs: Number(head[2]),
    freshUntilMs: Number(head[3]),
    unreachableSinceMs: Number(head[4]),
  };
}

function textOf(body: Buffer, deflated: boolean): string | null {
  try {
    return (deflated ? inflateRawSync(body) : body).toString();
  } catch {
    return null;
  }
}
