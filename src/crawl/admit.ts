// May this request be fetched now? Scope, robots.txt and the slot: an answer, or the outcome that ends this turn of the job.
import { catalogue, type ErrorCode, type Failure, failure } from '../errors.ts';
import { classify } from '../fetch/classify.ts';
import { NO_TIMINGS, type Outcome } from '../outcome.ts';
import { LEASE_MS } from '../politeness/slot.ts';
import type { RequestJob } from '../queue/queue.ts';
import { askRobots } from './robots-fetch.ts';
import { isTimed, PATIENCE_MS } from './start.ts';
import type { Station, Work } from './station.ts';

/** A consumer that dies this often with the same request in its hands: it is the request. */
const MOST_STALLS = 20;

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
  if (work.plan.cancelled) return cancelled(station, work);
  if (work.start === 'granted' || (await inheritSlot(station, work))) {
    holdSlot(station, work);
    const known = knownRefusal(station, work);
    if (known) return refusal(known);
  }
  const started = performance.now();
  const slot = await startSlot(station, work);
  work.slotMs = performance.now() - started;
  if (slot) return slot;
  if (job.stalledCounter > MOST_STALLS) return stalledTooOften(station, work);
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
  return { kind: verdict.kind === 'dead' ? 'fail' : 'again', failure: cause };
}

/** It may have been taken before: only asking the gate tells its take, without which it cannot be ended. */
async function cancelled(station: Station, work: Work): Promise<Admission> {
  const ended = await askSlot(station, work, true);
  if (ended) return ended;
  station.permits.give();
  return { kind: 'refuse', failure: failure('E_CANCELLED') };
}

/** How a job begins: with the slot that dispatch gave along, if this is the first start and it comes soon after; ahead of one; by asking. */
export function startOf(job: RequestJob): Work['start'] {
  if (job.attemptsStarted !== 1) return 'ask';
  if (job.name === 'ahead') return 'ahead';
  const ageMs = Date.now() - job.timestamp;
  return job.name === 'fetch' && ageMs > -1000 && ageMs < LEASE_MS / 2 ? 'granted' : 'ask';
}

/** A request that came ahead of its slot takes one that another request of its key gives back in this process. */
async function inheritSlot(station: Station, work: Work): Promise<boolean> {
  if (work.start !== 'ahead' || isTimed(work)) return false;
  const holder = await station.slots.inherit(work.key, PATIENCE_MS);
  if (holder !== null) work.holder = holder;
  return holder !== null;
}

function knownRefusal(station: Station, work: Work): Failure | null {
  if (work.plan.settings.ignoreRobots) return null;
  const verdict = station.robots.peek(work.request.url);
  return verdict?.kind === 'refused' ? verdict.failure : null;
}

/** Takes the permit, and the slot unless it came with the job and no clock is to be asked. Answers null when both are held. */
async function startSlot(station: Station, work: Work): Promise<Outcome | null> {
  if (work.holding && !isTimed(work) && station.slots.pausedFor(work.key) === 0) {
    await station.permits.take();
    // Waiting for the permit takes time in which a pause may have begun.
    if (station.slots.pausedFor(work.key) === 0) return station.stopping() ? putBack(station) : null;
    station.permits.give();
  }
  return askSlot(station, work, !work.holding);
}

function putBack(station: Station): Outcome {
  station.permits.give();
  return { kind: 'stop' };
}

async function askSlot(station: Station, work: Work, takeOver: boolean): Promise<Outcome | null> {
  const { crawl, id, key, holder, plan } = work;
  const request = { crawl, id, key, holder, limits: plan.limits, takeOver };
  const answer = await station.slots.acquire(request, PATIENCE_MS, work.abort.signal, station.permits);
  switch (answer.kind) {
    case 'go':
      work.take = answer.take;
      holdSlot(station, work);
      return station.stopping() ? putBack(station) : null;
    case 'later':
      return { kind: 'snooze', untilMs: Date.now() + answer.afterMs };
    case 'ended':
      return { kind: 'done' };
    case 'dead':
      return { kind: 'dead', failure: failureOfReason(answer.reason) };
    default:
      return answer satisfies never;
  }
}

function holdSlot(station: Station, work: Work): void {
  work.holding = true;
  station.slots.hold(work.holder, work.key, () =>
    work.abort.abort(failure('E_LOCK_LOST', 'Its slot lapsed.')),
  );
}

/** The dead-letter index keeps `CODE message`. */
function failureOfReason(reason: string): Failure {
  const [, code = 'E_QUEUE', message = ''] = /^(E_[A-Z0-9_]+) (.*)$/s.exec(reason) ?? [];
  return { ...failure(code as Failure['code']), message };
}

function stalledTooOften(station: Station, work: Work): Admission {
  station.permits.give();
  return { kind: 'fail', failure: failure('E_STALLED', `It was taken ${work.take + 1} times.`) };
}

/** robots.txt may have to be fetched, under the slot that is held; that was a start, so a timed key is asked again. */
async function passRobots(station: Station, work: Work): Promise<Admission> {
  if (work.plan.settings.ignoreRobots) return { kind: 'go' };
  const known = station.robots.peek(work.request.url);
  const { verdict, fetched } = known
    ? { verdict: known, fetched: false }
    : await askRobots(station, work, work.request.url).catch((error) => {
        station.permits.give();
        throw error;
      });
  if (verdict.kind === 'allowed') {
    if (!fetched || !isTimed(work)) return { kind: 'go' };
    station.permits.give();
    return (await askSlot(station, work, false)) ?? { kind: 'go' };
  }
  station.permits.give();
  if (verdict.kind === 'refused') return refusal(verdict.failure);
  return { kind: 'snooze', untilMs: verdict.untilMs };
}
