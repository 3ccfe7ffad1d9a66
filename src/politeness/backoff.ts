// Decides how the answers of a host change the way it is asked: pauses and a slower pace. These are pure
// functions: from what is known about a host and what was seen now, they make what is known next. All their
// numbers are here. host-backoff.ts keeps the result in Redis for the whole fleet.
import type { NamedTime } from '../outcome.ts';
import type { HostBackoff, PaceWhy, PauseWhy } from './backoff-state.ts';

/**
 * A refusal (429) that names no time, or a very short one, pauses its host for this long. Each further
 * refusal in a row doubles it.
 */
const FIRST_PAUSE_MS = 1000;
/**
 * The pause is a random part of its full length, at least this part, so that hosts that refused together are
 * not asked again together.
 */
const LEAST_OF_PAUSE = 0.5;
/** At most this many doublings. --max-pause also limits them. */
const MOST_REFUSALS = 20;
/**
 * The shortest time for which a request is postponed. A random part is added, so that the requests of a host
 * do not all come back together.
 */
export const LEAST_POSTPONED_MS = 50;
export const POSTPONED_JITTER_MS = 100;

/** How many answers of a host count as recent; or all those of the last observation, if there are more. */
const RECENT_ANSWERS = 50;
/** The recent answers are forgotten when nothing was heard for this long. */
const RECENT_MS = 30_000;
/**
 * From this share of failures on, a host is slowed. From this share of refusals on, it counts as refusing,
 * even if it also gives good answers.
 */
const LARGE_SHARE = 0.2;
/** At least this many recent answers must be failures (or refusals). One early failure says nothing. */
const LEAST_FAILURES = 5;
const LEAST_REFUSALS = 3;

/** The pace changes at most once in this time, however many consumers report the host. */
const ADJUST_MS = 200;
/**
 * A host whose answers are all failures gets one start in this time. A host with a large share of failures
 * gets at least that.
 */
const SLOWEST_MS = 1000;
/** While the share of failures is large, the time between two starts grows at least by this factor. */
const FAILING_FACTOR = 2;
/**
 * When only retries fail, they do not change the share. After this time without another answer, the pace is
 * reduced, down to this value.
 */
const FADE_MS = 5000;
const FADED_PACE_MS = 100;
/** Once a host is slowed, one or two answers decide. This many good answers are added to them. */
const ASSUMED_GOOD = 2;
/** While the host is slower than usual, the time between two starts grows by this factor. */
const LATENCY_FACTOR = 4;
/** When the host neither fails nor is slow any more, the time between two starts shrinks by this factor. */
const RECOVERY_FACTOR = 0.5;
/** A pace below this time, or below this part of the latency, counts as none. */
const LEAST_PACE_MS = 5;
const LEAST_PACE_OF_LATENCY = 1 / 8;
/**
 * "Slower than usual" means at least this many times as slow, and slower by at least this time. A few
 * milliseconds more are noise, and a fast host is slow long before it needs 200 ms.
 */
const SLOWER = [
  { times: 2, ms: 200 },
  { times: 5, ms: 25 },
];
/** A host that stays slow for a few times this long is usual that way. */
const USUAL_MS = 10_000;
/** How much the answers since the last change count for the share of failures that is shown. */
const SHARE_WEIGHT = 0.25;
/** The weight of a new latency, and of a lower one for the usual latency. */
const LATENCY_WEIGHT = 0.4;
const LOWER_WEIGHT = 0.3;
/**
 * The weight of older observations in the mean time between two answers; and the longest silence that counts.
 */
const OLDER_WEIGHT = 0.8;
const LONGEST_GAP_MS = 10_000;

/**
 * How often a process tells the fleet what it saw of a host (a refusal at once), and what is worth it: so
 * many answers, or one failure; of a key that obeys a clock, fewer once they are old. Those of another are
 * told with the next failure and kept so long for that, or else the fleet would hear of failures alone.
 */
export const telling = { everyMs: 250, enoughAnswers: 3, oldMs: 2000, keptMs: 30_000 } as const;

/** What is known about a host is kept for this time after the last answer, or after its pause. */
export const knownForMs = 3_600_000;
/** A slowed host is shown as held back for this time after its last answer. */
export const slowedShownMs = 60_000;

/** An answer that says when to come again, or refuses without a time. */
export interface Refusal {
  /** How long ago its request began. */
  ageMs: number;
  named: NamedTime | null;
  /** The setting --max-pause. */
  longestMs: number;
  /** False when the request was served: its host is paused for the named time, but has not refused. */
  isRefusal: boolean;
}

/** What one process saw of a host since it last told the fleet. */
export interface Observation {
  good: number;
  /** Failures of first attempts only, so that a URL counts once, however often it is tried. */
  failures: number;
  /** Failures of further attempts. */
  retried: number;
  /** The time until the first byte, of good answers. */
  leastLatencyMs: number | null;
  /** How long ago the request of the newest good answer started. */
  goodAgeMs: number | null;
  refusals: readonly Refusal[];
  /** The least time between two starts, and for how long it holds. */
  quota: { intervalMs: number; forMs: number } | null;
}

/**
 * What is known about the host after this observation. `now` is the time of Redis; `random` lies between 0
 * and 1.
 */
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

/** The least latency lately. The usual latency follows a lower one fast and a higher one slowly. */
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

/** Adds to the recent answers. When there are too many, the older ones count less. */
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

/** The time between two starts that the failures and the latency ask for. */
function paced(state: HostBackoff, seen: Observation, now: number): HostBackoff {
  if (now - state.pacedAt < ADJUST_MS || state.gapAnswers === 0) return state;
  const { answers, failures, latency, usualLatency, gapAnswers, gapMs } = state;
  // Once the host is slowed for its failures, only the answers since the last change decide.
  const isSlowed = state.paceWhy === 'failures';
  const share = failures / Math.max(1, answers + (isSlowed ? ASSUMED_GOOD : 0));
  const isFailing = share >= LARGE_SHARE && (isSlowed || failures >= LEAST_FAILURES);
  const isSlow = SLOWER.some(
    ({ times, ms }) => latency > usualLatency * times && latency - usualLatency > ms,
  );
  const from = Math.max(state.pace, gapMs / gapAnswers);
  if (isFailing) {
    const pace = failingPace(from, share, Math.max(SLOWEST_MS, latency));
    return slowed(state, { pace, paceWhy: 'failures', paceShare: shownShare(state, isSlowed) }, now);
  }
  if (seen.good === 0) return faded(state, now);
  if (isSlow)
    return slowed(state, { pace: Math.min(from * LATENCY_FACTOR, latency), paceWhy: 'latency' }, now);
  if (state.pace === 0) return state;
  return recovered(state, now);
}

/** By the share of failures: from a little slower up to the slowest, when all answers are failures. */
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

/**
 * The share of failures as it is shown. Between two changes of the pace a slowed host gives one or two
 * answers, so these count for a part of the share only.
 */
function shownShare({ answers, failures, paceShare }: HostBackoff, isSlowed: boolean): number {
  const observed = failures / Math.max(1, answers);
  return isSlowed ? paceShare + (observed - paceShare) * SHARE_WEIGHT : observed;
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
 * A named time is kept as it is. When there is none, or it is shorter than the first pause, the pause doubles
 * while the host goes on refusing: in a row, or a large share of its answers. Refusals of requests that were
 * already on their way at the last refusal count as the same one.
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
  // In the share, refusals in a row count once, so that one good answer forgets a long row of them.
  const isFirstOfRow = known.refusedSince === 0;
  const state = isFirstOfRow ? recent(known, { answers: 1, failures: 0, refused: 1 }) : known;
  const refusals = Math.min(known.refusals + 1, MOST_REFUSALS);
  const doubled = FIRST_PAUSE_MS * 2 ** (refusals - 1);
  const ms = Math.max(namedMs, doubled * (LEAST_OF_PAUSE + (1 - LEAST_OF_PAUSE) * random));
  return paused({ ...state, ...since, refusals, refusedAt: now }, { ms: Math.min(ms, longestMs), why }, now);
}

/**
 * The shortest pause for a refusal or a named time, whatever else the fleet knows about the host. It holds
 * before the fleet has been asked.
 */
export function leastPauseMs({ named, longestMs, isRefusal }: Omit<Refusal, 'ageMs'>): number {
  return Math.min(Math.max(named?.afterMs ?? 0, isRefusal ? FIRST_PAUSE_MS * LEAST_OF_PAUSE : 0), longestMs);
}

/** A pause is only made longer, never shorter. */
function paused(state: HostBackoff, { ms, why }: { ms: number; why: PauseWhy }, now: number): HostBackoff {
  const pauseUntil = now + Math.ceil(ms);
  if (pauseUntil <= Math.max(state.pauseUntil, now)) return state;
  const pauseSince = state.pauseUntil > now ? state.pauseSince : state.refusedSince || now;
  return { ...state, pauseUntil, pauseWhy: why, pauseSince };
}
