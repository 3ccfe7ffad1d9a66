// May this request be fetched now? Scope, robots.txt and the slot: an answer, or the outcome that ends this turn of the job.

import type { Plan } from '../src/crawl/loaded-crawl.ts';
import { catalogue, type ErrorCode, type Failure, failure } from '../src/errors.ts';
import { classify } from '../src/fetch/classify.ts';
import { takeOver } from '../src/frontier/take.ts';
import { NO_TIMINGS, type Outcome } from '../src/outcome.ts';
import { LEASE_MS, PERMIT_PATIENCE_MS } from '../src/politeness/slot.ts';
import type { RequestJob } from '../src/queue/queue.ts';
import type { Station, Work } from './context.ts';
import { askRobots, obeyCrawlDelay } from './fetch-robots.ts';
import { askStart, ELSEWHERE_MS, givePermit, isTimed, mayStart, onLost, snoozeFor } from './slot-of-job.ts';

/** A consumer that dies this often with the same request in its hands: it is the request. */
const MOST_STALLS = 20;
/** Where a host fails for good: its name, its certificate, its address. */
const FINAL_LAYERS: ReadonlySet<Failure['layer']> = new Set(['dns', 'tls', 'guard', 'connect']);
/** Requests of a paused crawl that are in the queue already look again after this. */
const PAUSED_MS = 3000;

/**
 * refuse and fail end the request; again uses up an attempt; an Outcome ends this turn of the job only, or found that the request had
 * ended before.
 */
export type Admission = { kind: 'go' } | Ending | Outcome;
type Ending =
  | { kind: 'refuse'; failure: Failure }
  | { kind: 'fail'; failure: Failure }
  | { kind: 'again'; failure: Failure };

/** Answers 'go' with a slot and a permit held, and never otherwise. */
export async function admit(station: Station, work: Work, job: RequestJob): Promise<Admission> {
  if (work.start.kind === 'granted') {
    work.holder = work.jobId;
    const slot = { key: work.key, holder: work.jobId, server: work.start.server };
    station.slots.adopt(slot, () => onLost(work));
  }
  const { state } = work.plan;
  if (state === 'cancelled') return cancelled(station, work);
  if (state === 'paused') return { kind: 'snooze', untilMs: Date.now() + PAUSED_MS };
  if (work.start.kind === 'granted') {
    const known = knownRefusal(station, work);
    if (known) return refusal(known);
  }
  const started = performance.now();
  const slot = await startSlot(station, work);
  work.slotMs = performance.now() - started;
  if (slot) return slot;
  if (job.stalledCounter > MOST_STALLS) return stalledTooOften(work);
  return passRobots(station, work);
}

/**
 * A robots.txt that cannot be had forbids all for now: a reason to come again, and in the end a dead letter. Where the host itself was
 * out of reach (its name, its port, its certificate), that is what the request failed of.
 */
export function refusal(refused: Failure): Ending {
  if (refused.code === 'E_ROBOTS') return { kind: 'refuse', failure: refused };
  if (refused.code !== 'E_ROBOTS_UNREACHABLE') return { kind: 'fail', failure: refused };
  const [, code = '', message = ''] = /: (E_[A-Z0-9_]+) (.*)$/s.exec(refused.message) ?? [];
  if (!(code in catalogue)) return { kind: 'again', failure: refused };
  const cause = { ...failure(code as ErrorCode), message: `${message} (asking for robots.txt)` };
  const verdict = classify(
    { ok: false, failure: cause, timings: NO_TIMINGS, finalUrl: '' },
    { deadOn: [], nowMs: 0 },
  );
  if (verdict.kind !== 'dead') return { kind: 'again', failure: cause };
  // An answer that cannot be read says nothing of the host's pages.
  return FINAL_LAYERS.has(cause.layer) || cause.code === 'E_RATE_LIMITED'
    ? { kind: 'fail', failure: cause }
    : { kind: 'again', failure: refused };
}

/** It may have been taken before, and cannot be ended without its take. The slot that came along is given back. */
async function cancelled(station: Station, work: Work): Promise<Admission> {
  const take = await takeOver(station.redis, station.shard, work.crawl, work.id);
  if (take === null) return { kind: 'done' };
  work.take = take;
  return { kind: 'refuse', failure: failure('E_CANCELLED') };
}

/**
 * How a job begins: with the slot that dispatch gave along, or ahead of one, if this is the first start, it comes soon after and the crawl's limits
 * are still the same, its host's too as far as this process has been listening; else by asking.
 */
export function startOf(job: RequestJob, plan: Plan, listeningSinceMs: number): Work['start'] {
  const [how, server = ''] = job.name.split('@');
  const ageMs = Date.now() - job.timestamp;
  const isFresh =
    ageMs > -1000 && ageMs < LEASE_MS / 2 && job.timestamp > Math.max(plan.changedAt, listeningSinceMs);
  if (job.attemptsStarted !== 1 || !isFresh) return { kind: 'ask' };
  if (how === 'ahead') return { kind: 'ahead' };
  return how === 'fetch' && isFresh ? { kind: 'granted', server } : { kind: 'ask' };
}

function knownRefusal(station: Station, work: Work): Failure | null {
  if (work.plan.settings.ignoreRobots) return null;
  const verdict = station.robots.peek(work.url);
  return verdict?.kind === 'refused' ? verdict.failure : null;
}

/** Takes the permit, and the slot unless it came with the job and no clock is to be asked. Answers null when both are held. */
async function startSlot(station: Station, work: Work): Promise<Outcome | null> {
  const isFree = () => !isTimed(station, work) && mayStart(station, work);
  if (work.start.kind === 'granted' && isFree()) {
    work.hasPermit = await station.permits.take(PERMIT_PATIENCE_MS);
    if (!work.hasPermit) return snoozeFor(ELSEWHERE_MS);
    // Waiting for the permit takes time in which a pause may have begun.
    if (isFree()) return station.stopping() ? { kind: 'stop' } : null;
  }
  return askSlot(station, work, work.start.kind === 'ask');
}

async function askSlot(station: Station, work: Work, takeOver: boolean): Promise<Outcome | null> {
  givePermit(station, work);
  const ahead = work.start.kind === 'ahead' && !takeOver;
  const start = { key: work.key, url: work.url, takeOver, withPermit: true, ahead };
  const answer = await askStart(station, work, start);
  switch (answer.kind) {
    case 'go':
      work.take = answer.take;
      return station.stopping() ? { kind: 'stop' } : null;
    case 'later':
      return snoozeFor(answer.afterMs);
    case 'ended':
      return { kind: 'done' };
    case 'dead':
      return { kind: 'dead', failure: failureOfReason(answer.reason) };
    default:
      return answer satisfies never;
  }
}

/** The dead-letter index keeps `CODE message`. */
function failureOfReason(reason: string): Failure {
  const [, code = 'E_QUEUE', message = ''] = /^(E_[A-Z0-9_]+) (.*)$/s.exec(reason) ?? [];
  return { ...failure(code as Failure['code']), message };
}

function stalledTooOften(work: Work): Admission {
  return { kind: 'fail', failure: failure('E_STALLED', `It was taken ${work.take + 1} times.`) };
}

/** robots.txt may have to be fetched, under the slot that is held; that was a start, so a timed key is asked again. */
async function passRobots(station: Station, work: Work): Promise<Admission> {
  if (work.plan.settings.ignoreRobots) return { kind: 'go' };
  const { url } = work;
  const known = station.robots.peek(url);
  const { verdict, fetched } = known
    ? { verdict: known, fetched: false }
    : await askRobots(station, work, url);
  if (verdict.kind === 'allowed') {
    const slowed = await obeyCrawlDelay(station, work, url);
    if (!(fetched || slowed) || !isTimed(station, work)) return { kind: 'go' };
    return (await askSlot(station, work, false)) ?? { kind: 'go' };
  }
  if (verdict.kind === 'refused') return refusal(verdict.failure);
  return { kind: 'snooze', untilMs: verdict.untilMs };
}
