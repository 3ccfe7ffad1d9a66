// What its answers do to how a host is asked: pauses and a slower pace. Pure decisions (what is known of the host, what was seen of
// it, what is known then?) and all their numbers; host-backoff.ts keeps what is known in Redis, for the whole fleet.
import { catalogue } from '../errors.ts';
import { intervalOf, readQuotas } from '../fetch/rate-limit-headers.ts';
import { standInOf } from '../fetch/stand-ins.ts';
import type { FetchResult, NamedTime } from '../outcome.ts';
import type { HostBackoff, PaceWhy, PauseWhy } from './backoff-state.ts';

/** A refusal that names no time (429), or hardly any, pauses its host for so long; each further one in a row for twice as long. */
const FIRST_PAUSE_MS = 1000;
/** From this part of a pause to all of it, by chance, so that hosts that refused together are not asked together again. */
const LEAST_OF_PAUSE = 0.5;
/** So many doublings at most; --max-pause bounds them besides. */
const MOST_REFUSALS = 20;
/** A request is postponed for so long at least, and for a little more by chance: not all of a host's requests come again together. */
export const LEAST_POSTPONED_MS = 50;
export const POSTPONED_JITTER_MS = 100;

/** The answers of a host that count as recent: so many, or those of the last observation if it holds more. */
const RECENT_ANSWERS = 50;
/** Older ones are forgotten when nothing was heard for so long. */
const RECENT_MS = 30_000;
/** From this share of failures on, a host is slowed; from this share of refusals on, it goes on refusing though it answers as well. */
const LARGE_SHARE = 0.2;
/** So many of the recent answers must be failures (refusals): a lone early one says nothing. */
const LEAST_FAILURES = 5;
const LEAST_REFUSALS = 3;

/** The pace changes at most this often, however many consumers tell of the host. */
const ADJUST_MS = 200;
/** A host of which all answers are failures is asked once in this time; one of which a large share is, at least so often. */
const SLOWEST_MS = 1000;
/** The time between two starts grows by this factor at least while the share of failures is large. */
const FAILING_FACTOR = 2;
/** Where only retries fail, which say nothing of the share, the pace is given up after so long without another answer, down to this. */
const FADE_MS = 5000;
const FADED_PACE_MS = 100;
/** Once it is slowed, one or two answers decide: so many good ones are added to them. */
const ASSUMED_GOOD = 2;
/** It grows by this factor while the host is slower than usual. */
const LATENCY_FACTOR = 4;
/** It shrinks by this factor when neither is so any more. */
const RECOVERY_FACTOR = 0.5;
/** A pace below this, or below this part of the latency, is none. */
const LEAST_PACE_MS = 5;
const LEAST_PACE_OF_LATENCY = 1 / 8;
/** Slower than usual is at least so many times as slow, and slower by so much. */
const SLOWER_TIMES = 2;
const SLOWER_MS = 200;
/** What stays slow for some of these is what is usual. */
const USUAL_MS = 10_000;
/** How much a new latency counts, and a lower one for what is usual. */
const LATENCY_WEIGHT = 0.4;
const LOWER_WEIGHT = 0.3;
/** How much of the older observations counts for the mean time between two answers; and the longest silence that does. */
const OLDER_WEIGHT = 0.8;
const LONGEST_GAP_MS = 10_000;

/** An answer that says when to come again, or refuses without saying it. */
export interface Refusal {
  /** For how long the request had been on its way. */
  ageMs: number;
  named: NamedTime | null;
  /** --max-pause. */
  longestMs: number;
  /** False where the request was served: its host is paused for the named time, and has not refused. */
  isRefusal: boolean;
}

/** What one process saw of a host since it last told the fleet. */
export interface Observation {
  good: number;
  /** First attempts alone: so a URL counts once, however often it is tried. */
  failures: number;
  /** Failures of further attempts. */
  retried: number;
  /** Until the first byte, of the good answers. */
  leastLatencyMs: number | null;
  /** When the request of the newest good answer started: so long ago. */
  goodAgeMs: number | null;
  refusals: readonly Refusal[];
  /** So much time between two starts, for so long. */
  quota: { intervalMs: number; forMs: number } | null;
}

/** What one answer says of its host. retried: a failure of a URL that had failed before, which counts for nothing but time. */
export interface Signal {
  kind: 'good' | 'failure' | 'retried' | 'refusal' | 'nothing';
  /** When to come again; of a good answer too. */
  named: NamedTime | null;
  quota: { intervalMs: number; forMs: number } | null;
}

/** `named`: what the answer says of when to come again. `attempt`: counted from 1. `nowMs`: milliseconds since 1970. */
export function signalOf(
  result: FetchResult,
  named: NamedTime | null,
  { attempt, longestMs, nowMs }: { attempt: number; longestMs: number; nowMs: number },
): Signal {
  const failure = attempt === 1 ? 'failure' : 'retried';
  if (!result.ok)
    return { kind: catalogue[result.failure.code].strain ? failure : 'nothing', named: null, quota: null };
  const { status, headers } = result.answer;
  // A gatekeeper's answer, whatever its status: it tells nothing of how well the host is, nor of when to come again.
  if (standInOf(result.answer) !== null) return { kind: 'nothing', named: null, quota: null };
  const isServed = status >= 200 && status < 300;
  // A host that says when to come again has said all: draft-ietf-httpapi-ratelimit-headers, section 7.
  if (named !== null) return { kind: isServed ? 'good' : 'refusal', named, quota: null };
  if (status === 429) return { kind: 'refusal', named: null, quota: null };
  const kind = status >= 500 ? failure : 'good';
  const quotas = readQuotas(headers, nowMs);
  if (quotas === null) return { kind, named: null, quota: null };
  const { spent, tightest } = quotas;
  if (spent) return { kind, named: { afterMs: spent.resetMs, by: 'quota' }, quota: null };
  const intervalMs = Math.min(intervalOf(tightest), longestMs);
  const forMs = Math.min(tightest.resetMs, longestMs);
  return { kind, named: null, quota: intervalMs > 0 ? { intervalMs, forMs } : null };
}

/** What is known of the host after this was seen of it. `now` is Redis' time, `random` lies between 0 and 1. */
export function afterObservation(
  known: HostBackoff,
  seen: Observation,
  { now, random }: { now: number; random: number },
): HostBackoff {
  const heard = seen.good + seen.failures > 0 ? afterAnswers(known, seen, now) : known;
  const told = heard === known && seen.retried === 0 ? known : paced(heard, seen, now);
  const state = seen.quota ? spread(told, seen.quota, now) : told;
  return seen.refusals.reduce((last, refusal) => afterRefusal(last, refusal, now, random), state);
}

function afterAnswers(known: HostBackoff, seen: Observation, now: number): HostBackoff {
  const { good, failures } = seen;
  const silenceMs = known.heardAt === 0 ? 500 : now - known.heardAt;
  const state = recent(silenceMs > RECENT_MS ? { ...known, answers: 0, failures: 0, refused: 0 } : known, {
    answers: good + failures,
    failures,
    refused: 0,
  });
  const hasAnsweredAgain = seen.goodAgeMs !== null && now - seen.goodAgeMs > known.refusedAt;
  return {
    ...state,
    ...latencyAfter(known, seen, silenceMs),
    heardAt: now,
    gapAnswers: known.gapAnswers * OLDER_WEIGHT + good + failures,
    gapMs: known.gapMs * OLDER_WEIGHT + Math.min(silenceMs, LONGEST_GAP_MS),
    ...(hasAnsweredAgain && { refusedSince: 0, refusals: isRefusingMuch(state) ? state.refusals : 0 }),
  };
}

/** Least latency lately; what is usual follows a lower one fast, a higher one slowly. */
function latencyAfter({ latency, usualLatency }: HostBackoff, seen: Observation, silenceMs: number) {
  const least = seen.leastLatencyMs;
  if (least === null) return {};
  if (usualLatency === 0) return { latency: least, usualLatency: least };
  const lately = latency + (least - latency) * LATENCY_WEIGHT;
  const change =
    least < usualLatency
      ? (least - usualLatency) * LOWER_WEIGHT
      : (lately - usualLatency) * (1 - Math.exp(-Math.min(silenceMs, LONGEST_GAP_MS) / USUAL_MS));
  return { latency: lately, usualLatency: usualLatency + change };
}

/** Adds to the recent answers; beyond their number, the older ones count less. */
function recent(
  state: HostBackoff,
  more: { answers: number; failures: number; refused: number },
): HostBackoff {
  const most = Math.max(RECENT_ANSWERS, more.answers);
  const room = Math.min(1, (most - more.answers) / Math.max(1, state.answers));
  return {
    ...state,
    answers: state.answers * room + more.answers,
    failures: state.failures * room + more.failures,
    refused: state.refused * room + more.refused,
  };
}

const isRefusingMuch = ({ answers, refused }: HostBackoff) =>
  refused >= LEAST_REFUSALS && refused >= answers * LARGE_SHARE;

/** The time between two starts that its failures and its latency ask for. */
function paced(state: HostBackoff, seen: Observation, now: number): HostBackoff {
  if (now - state.pacedAt < ADJUST_MS || state.gapAnswers === 0) return state;
  const { answers, failures, latency, usualLatency, gapAnswers, gapMs } = state;
  // Once it is slowed for its failures, the answers since the last change decide.
  const isSlowed = state.paceWhy === 'failures';
  const share = failures / Math.max(1, answers + (isSlowed ? ASSUMED_GOOD : 0));
  const isFailing = share >= LARGE_SHARE && (isSlowed || failures >= LEAST_FAILURES);
  const isSlow = latency > usualLatency * SLOWER_TIMES && latency - usualLatency > SLOWER_MS;
  const from = Math.max(state.pace, gapMs / gapAnswers);
  if (isFailing) {
    const pace = failingPace(from, share, Math.max(SLOWEST_MS, latency));
    return slowed(state, { pace, paceWhy: 'failures', paceShare: share }, now);
  }
  if (seen.good === 0) return faded(state, now);
  if (isSlow)
    return slowed(state, { pace: Math.min(from * LATENCY_FACTOR, latency), paceWhy: 'latency' }, now);
  if (state.pace === 0) return state;
  return recovered(state, now);
}

/** By the share of failures: from a little slower to the slowest, where all are. */
function failingPace(from: number, share: number, slowest: number): number {
  if (from >= slowest) return slowest;
  const weight = (share - LARGE_SHARE) / (1 - LARGE_SHARE);
  return Math.min(slowest, from * Math.max(FAILING_FACTOR, (slowest / from) ** weight));
}

function recovered(state: HostBackoff, now: number): HostBackoff {
  const pace = state.pace * RECOVERY_FACTOR;
  const isOver = pace < Math.max(LEAST_PACE_MS, state.latency * LEAST_PACE_OF_LATENCY);
  const anew = state.paceWhy === 'failures' || isOver ? { answers: 0, failures: 0, refused: 0 } : {};
  if (!isOver) return { ...state, pace, pacedAt: now, ...anew };
  return { ...state, pace: 0, paceWhy: '', paceSince: 0, paceShare: 0, pacedAt: now, ...anew };
}

function faded(known: HostBackoff, now: number): HostBackoff {
  const isFading = known.paceWhy === 'failures' && now - known.heardAt >= FADE_MS;
  if (!isFading || known.pace <= FADED_PACE_MS) return known;
  return { ...known, pace: Math.max(FADED_PACE_MS, known.pace * RECOVERY_FACTOR), pacedAt: now };
}

function slowed(
  state: HostBackoff,
  change: { pace: number; paceWhy: PaceWhy; paceShare?: number },
  now: number,
): HostBackoff {
  const anew = change.paceWhy === 'failures' ? { answers: 0, failures: 0, refused: 0 } : {};
  const paceSince = state.pace > 0 && state.paceWhy === change.paceWhy ? state.paceSince : now;
  return { ...state, ...anew, ...change, paceSince, pacedAt: now };
}

function spread(
  state: HostBackoff,
  { intervalMs, forMs }: { intervalMs: number; forMs: number },
  now: number,
) {
  const quotaSince = state.quotaUntil > now ? state.quotaSince : now;
  return { ...state, quota: intervalMs, quotaUntil: now + forMs, quotaSince };
}

/**
 * A named time is kept as it is. Without one, or with one that is shorter than the first pause, the pause is doubled as long as the host goes
 * on refusing: in a row, or a large share of what it is asked. Refusals of requests that were on their way at the last one count as that one.
 */
function afterRefusal(known: HostBackoff, refusal: Refusal, now: number, random: number): HostBackoff {
  const { named, ageMs, longestMs, isRefusal } = refusal;
  const namedMs = named?.afterMs ?? 0;
  const since = { refusedSince: known.refusedSince || now };
  const why = named === null ? 'refuses' : named.by === 'quota' ? 'quota' : 'named';
  if (!isRefusal || namedMs >= FIRST_PAUSE_MS) {
    const heard = isRefusal ? { ...known, ...since, refusedAt: now } : known;
    return paused(heard, { ms: Math.min(namedMs, longestMs), why }, now);
  }
  if (now - ageMs <= known.refusedAt)
    return paused({ ...known, ...since }, { ms: Math.min(namedMs, longestMs), why }, now);
  const state = recent(known, { answers: 1, failures: 0, refused: 1 });
  const refusals = Math.min(known.refusals + 1, MOST_REFUSALS);
  const doubled = FIRST_PAUSE_MS * 2 ** (refusals - 1);
  const ms = Math.max(namedMs, doubled * (LEAST_OF_PAUSE + (1 - LEAST_OF_PAUSE) * random));
  return paused({ ...state, ...since, refusals, refusedAt: now }, { ms: Math.min(ms, longestMs), why }, now);
}

/** What a refusal or a named time asks for at least, whatever else is known of the host: before the fleet has been asked. */
export function leastPauseMs({ named, longestMs, isRefusal }: Omit<Refusal, 'ageMs'>): number {
  return Math.min(Math.max(named?.afterMs ?? 0, isRefusal ? FIRST_PAUSE_MS * LEAST_OF_PAUSE : 0), longestMs);
}

/** A pause is only ever made longer. */
function paused(state: HostBackoff, { ms, why }: { ms: number; why: PauseWhy }, now: number): HostBackoff {
  const pauseUntil = now + Math.ceil(ms);
  if (pauseUntil <= Math.max(state.pauseUntil, now)) return state;
  const pauseSince = state.pauseUntil > now ? state.pauseSince : state.refusedSince || now;
  return { ...state, pauseUntil, pauseWhy: why, pauseSince };
}
