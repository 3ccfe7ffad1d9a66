// The steps admit and slot: may this request be fetched now? The state of its crawl, the gate of its limiter
// key and robots.txt decide.

import { catalogue, type Failure, failure, knownFailure, unpackFailure } from '../src/errors.ts';
import { claimRequest } from '../src/frontier/claim.ts';
import { PERMIT_PATIENCE_MS } from '../src/politeness/slot.ts';
import type { RobotsVerdict } from '../src/robots/robots.ts';
import { endAsItWas } from './again/as-it-was.ts';
import type { FormerPage } from './again/former-page.ts';
import type { ActiveJob, ConsumerContext } from './context.ts';
import { type Decision, die, postponeFor, refuseRequest, retry } from './decision.ts';
import { obeyCrawlDelay } from './fetch/fetch-robots.ts';
import { knownVerdict, passRobots } from './fetch/pass-robots.ts';
import { postponeForProxy } from './postpone.ts';
import type { JobSession } from './session/job-session.ts';
import { aloneBegins } from './suspicion.ts';

/** After this time, a request of a paused crawl that is already in the queue looks again. */
const PAUSED_MS = 3000;
/**
 * When this process has no permit for a job, the job goes back to the queue for this short time, so that any
 * process can take it.
 */
const ELSEWHERE_MS = 50;

/** What a refusal means for the request. `refuse` and `fail` end it; `again` uses up an attempt. */
type RefusalEffect =
  | { kind: 'refuse'; failure: Failure }
  | { kind: 'fail'; failure: Failure }
  | { kind: 'again'; failure: Failure };

/**
 * `early` is null when the request may be fetched now: a slot and a permit are held. Otherwise `early` says
 * what happens to the request. `claim` counts how often the request was taken before; only the holder of the
 * newest claim may change anything.
 */
export interface Admission {
  claim: number;
  early: Decision | null;
}

/** When dispatch gave a slot with the job, we have the first claim. */
const GRANTED: Admission = Object.freeze({ claim: 0, early: null });

export async function admit(context: ConsumerContext, job: ActiveJob): Promise<Admission> {
  if (job.start.kind === 'granted') job.slot.adopt(job.start.server);
  const { state } = job.loadedCrawl;
  if (state === 'cancelled') return cancelled(context, job);
  if (state === 'paused') return { claim: 0, early: { kind: 'postponed', untilMs: Date.now() + PAUSED_MS } };
  if (job.former?.isKept) return notDue(context, job, job.former);
  if (job.session.kind !== 'ready') return withoutSession(context, job, job.session);
  // What is known is asked before the wait for a permit, so that a refusal costs none, and once.
  const known = job.start.kind === 'granted' ? knownRules(context, job) : null;
  if (known?.kind === 'refused')
    return { claim: 0, early: await decideOn(context, job, refusal(known.failure)) };
  const since = performance.now();
  const admission = await takeSlot(context, job);
  job.trace.slotMs = performance.now() - since;
  if (admission.early) return admission;
  const { claim } = admission;
  const { suspicion, stalls } = job;
  if (suspicion.isCause) return { claim, early: await decideOn(context, job, killsConsumers(job)) };
  // A death from here on is the request's own: nothing else is in flight.
  if (suspicion.isSuspect) await job.remember({ alone: aloneBegins(suspicion, stalls) });
  return askRobotsFirst(context, job, admission, known);
}

async function decideOn(context: ConsumerContext, job: ActiveJob, refused: RefusalEffect): Promise<Decision> {
  const { kind, failure } = refused;
  const later = await postponeForProxy(context, job, failure);
  if (later) return later;
  switch (kind) {
    case 'refuse':
      return refuseRequest(failure);
    case 'fail':
      return die(job, { failure, answer: null, result: null });
    case 'again':
      // Before robots.txt is fetched again, another attempt would only be told the same.
      return retry(context, job, { failure, answer: null }, null, context.robots.fetchedAgainAt(job.url));
    default:
      return kind satisfies never;
  }
}

/**
 * What follows when robots.txt did not let the request pass. A robots.txt that could not be fetched forbids
 * everything for now: the request is tried again, and dies when no attempt is left. When the host itself was
 * out of reach (its name, port or certificate), the request fails with that cause.
 */
export function refusal(refused: Failure): RefusalEffect {
  const { ends, retry } = catalogue[refused.code];
  if (ends === 'refused') return { kind: 'refuse', failure: refused };
  if (!retry) return { kind: 'fail', failure: refused };
  if (!refused.cause) return { kind: 'again', failure: refused };
  const { code, detail = '' } = refused.cause;
  const cause = failure(code, `${detail} (asking for robots.txt)`.trim());
  if (catalogue[code].retry) return { kind: 'again', failure: cause };
  // An answer that cannot be read tells nothing about the pages of the host.
  return catalogue[code].wholeHost ? { kind: 'fail', failure: cause } : { kind: 'again', failure: refused };
}

/**
 * The request may have been taken before, and only the newest claim can end it. A slot that came with the job
 * is given back.
 */
async function cancelled(context: ConsumerContext, job: ActiveJob): Promise<Admission> {
  const claim = await claimRequest(context.fleet, job.crawl, job.id);
  if (claim === null) return { claim: 0, early: { kind: 'done' } };
  return { claim, early: refuseRequest(failure('E_CANCELLED')) };
}

/** Nothing is asked for. A slot that came with the job goes to another at once; its claim is kept. */
async function notDue(context: ConsumerContext, job: ActiveJob, former: FormerPage): Promise<Admission> {
  job.slot.pass();
  const isOurs = job.start.kind !== 'ask';
  const claim = isOurs ? GRANTED.claim : await claimRequest(context.fleet, job.crawl, job.id);
  return claim === null ? { claim: 0, early: { kind: 'done' } } : { claim, early: endAsItWas(former) };
}

/** Somebody logs in, and the request comes again; or nobody can, and it dies. A slot goes to another. */
async function withoutSession(
  context: ConsumerContext,
  job: ActiveJob,
  session: Exclude<JobSession, { kind: 'ready' }>,
): Promise<Admission> {
  job.slot.pass();
  if (session.kind === 'later') return { claim: 0, early: { kind: 'postponed', untilMs: session.untilMs } };
  const isOurs = job.start.kind !== 'ask';
  const claim = isOurs ? GRANTED.claim : await claimRequest(context.fleet, job.crawl, job.id);
  if (claim === null) return { claim: 0, early: { kind: 'done' } };
  return { claim, early: await die(job, { failure: session.failure, answer: null, result: null }) };
}

function knownRules(context: ConsumerContext, job: ActiveJob): RobotsVerdict | null {
  return job.loadedCrawl.settings.ignoreRobots ? null : knownVerdict(context, job, job.url);
}

/**
 * Takes a permit. Asks the gate for a slot, unless one came with the job and the limiter key obeys no clock.
 */
async function takeSlot(context: ConsumerContext, job: ActiveJob): Promise<Admission> {
  const { slot, start } = job;
  const isFree = () => !slot.isTimed && slot.mayStart;
  if (start.kind === 'granted' && isFree()) {
    if (!(await slot.takePermit(PERMIT_PATIENCE_MS))) return { claim: 0, early: postponeFor(ELSEWHERE_MS) };
    // A pause may have begun while we waited for the permit.
    if (isFree()) return context.stopping() ? { claim: 0, early: { kind: 'stop' } } : GRANTED;
  }
  return askSlot(context, job, start.kind === 'ask');
}

/** `claims`: takes the request over, so that its former holder can change nothing any more. */
async function askSlot(context: ConsumerContext, job: ActiveJob, claims: boolean): Promise<Admission> {
  const ahead = job.start.kind === 'ahead' && !claims;
  const { key } = job.slot;
  const answer = await job.slot.ask({ key, url: job.url, claims, withPermit: true, ahead });
  switch (answer.kind) {
    case 'go':
      return { claim: answer.claim, early: context.stopping() ? { kind: 'stop' } : null };
    case 'later':
      return { claim: 0, early: postponeFor(answer.afterMs) };
    case 'ended':
      return { claim: 0, early: { kind: 'done' } };
    case 'dead':
      return { claim: 0, early: { kind: 'dead', failure: failureOfReason(answer.reason) } };
    default:
      return answer satisfies never;
  }
}

/** The failure of a request that had died before, as its crawl keeps it. */
function failureOfReason(reason: string): Failure {
  return knownFailure(unpackFailure(reason)) ?? failure('E_QUEUE', reason);
}

function killsConsumers({ stalls, suspicion: { deathsAlone } }: ActiveJob): RefusalEffect {
  const detail = `${stalls} consumers died with it, ${deathsAlone} of them while they fetched nothing else.`;
  return { kind: 'fail', failure: failure('E_STALLED', detail) };
}

/**
 * robots.txt may have to be fetched first, with the slot that is held. That fetch counts as a start, so a key
 * with a clock is asked again.
 */
async function askRobotsFirst(
  context: ConsumerContext,
  job: ActiveJob,
  admission: Admission,
  known: RobotsVerdict | null,
): Promise<Admission> {
  if (job.loadedCrawl.settings.ignoreRobots) return admission;
  const { url } = job;
  const { verdict, fetched } =
    known?.kind === 'allowed' ? { verdict: known, fetched: false } : await passRobots(context, job, url);
  if (verdict.kind === 'allowed') {
    const slowed = await obeyCrawlDelay(context, job, url);
    return (fetched || slowed) && job.slot.isTimed ? askSlot(context, job, false) : admission;
  }
  const { claim } = admission;
  if (verdict.kind === 'refused')
    return { claim, early: await decideOn(context, job, refusal(verdict.failure)) };
  return { claim, early: { kind: 'postponed', untilMs: verdict.untilMs } };
}
