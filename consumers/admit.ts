// May this request be fetched now? Scope, robots.txt and the slot: an answer, or the outcome that ends this turn of the job.

import type { LoadedCrawl } from '../src/crawl/loaded-crawl.ts';
import { catalogue, type Failure, failure, knownFailure, unpackFailure } from '../src/errors.ts';
import { claimRequest } from '../src/frontier/claim.ts';
import type { Outcome } from '../src/outcome.ts';
import { LEASE_MS, PERMIT_PATIENCE_MS } from '../src/politeness/slot.ts';
import { startIn } from '../src/queue/job-data.ts';
import type { RequestJob } from '../src/queue/queue.ts';
import type { ActiveJob, ConsumerContext } from './context.ts';
import { askRobots, obeyCrawlDelay } from './fetch-robots.ts';
import { askStart, ELSEWHERE_MS, givePermit, isTimed, mayStart, onLost, postponeFor } from './slot-of-job.ts';

/** A consumer that dies this often with the same request in its hands: it is the request. */
const MOST_STALLS = 20;
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
export async function admit(
  context: ConsumerContext,
  job: ActiveJob,
  queued: RequestJob,
): Promise<Admission> {
  if (job.start.kind === 'granted') {
    job.holder = job.jobId;
    const slot = { key: job.key, holder: job.jobId, server: job.start.server };
    context.slots.adopt(slot, () => onLost(job));
  }
  const { state } = job.loadedCrawl;
  if (state === 'cancelled') return cancelled(context, job);
  if (state === 'paused') return { kind: 'postponed', untilMs: Date.now() + PAUSED_MS };
  if (job.start.kind === 'granted') {
    const known = knownRefusal(context, job);
    if (known) return refusal(known);
  }
  const started = performance.now();
  const slot = await startSlot(context, job);
  job.slotMs = performance.now() - started;
  if (slot) return slot;
  if (queued.stalledCounter > MOST_STALLS) return stalledTooOften(job);
  return passRobots(context, job);
}

/**
 * A robots.txt that cannot be had forbids all for now: a reason to come again, and in the end a dead letter. Where the host itself was
 * out of reach (its name, its port, its certificate), that is what the request failed of.
 */
export function refusal(refused: Failure): Ending {
  const { ends, retry } = catalogue[refused.code];
  if (ends === 'refused') return { kind: 'refuse', failure: refused };
  if (!retry) return { kind: 'fail', failure: refused };
  if (!refused.cause) return { kind: 'again', failure: refused };
  const { code, detail = '' } = refused.cause;
  const cause = failure(code, `${detail} (asking for robots.txt)`.trim());
  if (catalogue[code].retry) return { kind: 'again', failure: cause };
  // An answer that cannot be read says nothing of the host's pages.
  return catalogue[code].wholeHost ? { kind: 'fail', failure: cause } : { kind: 'again', failure: refused };
}

/** It may have been taken before, and cannot be ended without its claim. The slot that came along is given back. */
async function cancelled(context: ConsumerContext, job: ActiveJob): Promise<Admission> {
  const claim = await claimRequest(context.fleet, job.crawl, job.id);
  if (claim === null) return { kind: 'done' };
  job.claim = claim;
  return { kind: 'refuse', failure: failure('E_CANCELLED') };
}

/**
 * How a job begins: with the slot that dispatch gave along, or ahead of one, if this is the first start, it comes soon after and the crawl's limits
 * are still the same, its host's too as far as this process has been listening; else by asking.
 */
export function startOf(
  queued: RequestJob,
  loadedCrawl: LoadedCrawl,
  listeningSinceMs: number,
): ActiveJob['start'] {
  const handedOut = startIn(queued);
  if (handedOut.kind === 'ask' || queued.attemptsStarted !== 1) return { kind: 'ask' };
  const { givenAt } = handedOut;
  const ageMs = Date.now() - givenAt;
  const isFresh =
    ageMs > -1000 && ageMs < LEASE_MS / 2 && givenAt > Math.max(loadedCrawl.changedAt, listeningSinceMs);
  return isFresh ? handedOut : { kind: 'ask' };
}

function knownRefusal(context: ConsumerContext, job: ActiveJob): Failure | null {
  if (job.loadedCrawl.settings.ignoreRobots) return null;
  const verdict = context.robots.peek(job.url);
  return verdict?.kind === 'refused' ? verdict.failure : null;
}

/** Takes the permit, and the slot unless it came with the job and no clock is to be asked. Answers null when both are held. */
async function startSlot(context: ConsumerContext, job: ActiveJob): Promise<Outcome | null> {
  const isFree = () => !isTimed(context, job) && mayStart(context, job);
  if (job.start.kind === 'granted' && isFree()) {
    job.hasPermit = await context.permits.take(PERMIT_PATIENCE_MS);
    if (!job.hasPermit) return postponeFor(ELSEWHERE_MS);
    // Waiting for the permit takes time in which a pause may have begun.
    if (isFree()) return context.stopping() ? { kind: 'stop' } : null;
  }
  return askSlot(context, job, job.start.kind === 'ask');
}

async function askSlot(context: ConsumerContext, job: ActiveJob, claims: boolean): Promise<Outcome | null> {
  givePermit(context, job);
  const ahead = job.start.kind === 'ahead' && !claims;
  const start = { key: job.key, url: job.url, claims, withPermit: true, ahead };
  const answer = await askStart(context, job, start);
  switch (answer.kind) {
    case 'go':
      job.claim = answer.claim;
      return context.stopping() ? { kind: 'stop' } : null;
    case 'later':
      return postponeFor(answer.afterMs);
    case 'ended':
      return { kind: 'done' };
    case 'dead':
      return { kind: 'dead', failure: failureOfReason(answer.reason) };
    default:
      return answer satisfies never;
  }
}

/** Of a request that had died before, as its crawl keeps it. */
function failureOfReason(reason: string): Failure {
  return knownFailure(unpackFailure(reason)) ?? failure('E_QUEUE', reason);
}

function stalledTooOften(job: ActiveJob): Admission {
  return { kind: 'fail', failure: failure('E_STALLED', `It was taken ${job.claim + 1} times.`) };
}

/** robots.txt may have to be fetched, under the slot that is held; that was a start, so a timed key is asked again. */
async function passRobots(context: ConsumerContext, job: ActiveJob): Promise<Admission> {
  if (job.loadedCrawl.settings.ignoreRobots) return { kind: 'go' };
  const { url } = job;
  const known = context.robots.peek(url);
  const { verdict, fetched } = known
    ? { verdict: known, fetched: false }
    : await askRobots(context, job, url);
  if (verdict.kind === 'allowed') {
    const slowed = await obeyCrawlDelay(context, job, url);
    if (!(fetched || slowed) || !isTimed(context, job)) return { kind: 'go' };
    return (await askSlot(context, job, false)) ?? { kind: 'go' };
  }
  if (verdict.kind === 'refused') return refusal(verdict.failure);
  return { kind: 'postponed', untilMs: verdict.untilMs };
}
