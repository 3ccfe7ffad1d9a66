// The life of a job as a list of steps: admit ─ slot ─ fetch ─ classify ─ handle ─ store ─ follow ─ commit ─
// settle. Each step is idempotent by the id of the request. Their order makes a crash between any two of them
// harmless.
import { catalogue, DroverError, failure } from '../src/errors.ts';
import { classify } from '../src/fetch/classify.ts';
import type { FetchResult, Outcome } from '../src/outcome.ts';
import { requestIfOwn } from '../src/queue/job-data.ts';
import type { RequestJob } from '../src/queue/queue.ts';
import { admit } from './admit.ts';
import { asItWas } from './again/as-it-was.ts';
import { commit } from './commit.ts';
import type { ActiveJob, ConsumerContext } from './context.ts';
import { type Decision, die, postponeFor, type RequestEnd, refuseRequest, retry } from './decision.ts';
import { type Fetched, fetchRequest } from './fetch/fetch-request.ts';
import { refusalToPay, unpaid } from './fetch/payment.ts';
import { follow } from './follow/follow.ts';
import { buildRecord, examine } from './handle.ts';
import { handleByUser, handlerOf, notHandled, prepare } from './handlers/call-handler.ts';
import { noteHostSignals } from './host-signals.ts';
import { openJob } from './open-job.ts';
import { postpone, postponedTooLong, postponeForProxy } from './postpone.ts';
import { renderWish } from './render/wants.ts';
import { noteSession } from './session/note-session.ts';
import { store } from './store/store.ts';
import { aloneSurvived } from './suspicion.ts';

/**
 * Returns how this turn of the job ended; job-worker.ts then tells BullMQ (settle). Nothing that a request, a
 * server or another consumer does makes it throw. `abort` is aborted when the job no longer belongs to this
 * process.
 */
export async function processJob(
  context: ConsumerContext,
  queued: RequestJob,
  abort: AbortController,
): Promise<Outcome> {
  const request = requestIfOwn(queued);
  if (!request) return setAside(context, queued);
  const job = await openJob(context, queued, request, abort);
  if (!job) return { kind: 'done' };
  let outcome: Outcome;
  try {
    outcome = await runSteps(context, job);
    if (job.suspicion.isSuspect && job.trace.result && goesOn(outcome))
      await job.remember({ alone: aloneSurvived(job.stalls) });
  } finally {
    // The permit is held until the end is committed, so that a crash repeats no more fetches than may be in
    // flight. Only a page that waits for its handler or for a slow store has given it back before.
    job.slot.release();
    context.renders.release(job.jobId);
  }
  context.reports.note(job, outcome);
  return outcome;
}

/** The job stays ours, and it comes again. */
function goesOn({ kind }: Outcome): boolean {
  return kind === 'retry' || kind === 'postponed' || kind === 'stop';
}

async function runSteps(context: ConsumerContext, job: ActiveJob): Promise<Outcome> {
  // A page that a browser is to make needs a place in one; else it is left to a consumer that has one.
  const isRunning = job.loadedCrawl.state === 'running';
  if (isRunning && renderWish(job) === 'page' && !context.renders.hold(job.jobId))
    return leaveToOthers(context, job);
  // 1. admit and 2. slot: may it be fetched now? If `early` is null, a slot and a permit are held from here
  // on.
  const { claim, early } = await admit(context, job);
  // 3. fetch: the user's handlers may change the request, or refuse it. Each redirect passes robots.txt and
  // the gate of its host.
  const prepared = early ?? (await prepare(context, job));
  const plain = prepared.kind === 'prepared' ? await fetchRequest(context, job, prepared.changes) : prepared;
  // With --render, a browser makes the page of what was fetched.
  const isToRender = plain.kind === 'fetched' && renderWish(job) !== null;
  const fetched = isToRender ? await (await import('./render/step.ts')).render(context, job, plain) : plain;
  // 4. classify: what the answer or the failure means for the request. Its slot goes to the next request.
  const decision = fetched.kind === 'fetched' ? await decide(context, job, fetched) : fetched;
  // What does not end the request leaves here: retry, postponed, stop, lost, or ended before. The three ends
  // go on: recorded, refused, dead.
  if (decision.kind !== 'end') {
    await job.archive?.written();
    return decision;
  }
  const assumed = asItWas(context, job, withAssumption(job, decision));
  // 5. handle: finds title, links and text. What the page says, and the user's handler, may change the end.
  const examined = examine(job, assumed);
  const taken = handlerOf(context, job, examined.end);
  const handling = taken
    ? await handleByUser(context, job, taken, examined.findings)
    : notHandled(examined.end);
  if (handling.kind !== 'handled') return handling;
  const { end, handled } = handling;
  // 6. store: the record is durable before anything says that the request has ended.
  const record = buildRecord(job, { ...examined, end }, handled.items);
  if (!(await store(context, job, record, claim))) return { kind: 'lost', failure: failure('E_LOCK_LOST') };
  // 7. follow: offers all links except the last part.
  const followed = await follow(context, job, { end, findings: examined.findings, handled }, claim);
  if (followed === null) return { kind: 'lost', failure: failure('E_LOCK_LOST') };
  // 8. commit: the last links, the counters and the end; nothing at all if the claim is no longer the newest.
  // 9. settle: job-worker.ts tells BullMQ the outcome.
  return commit(context, job, { end, record, followed }, claim);
}

/** A slot that came with the job goes to another at once. */
function leaveToOthers({ renders }: ConsumerContext, { start, slot }: ActiveJob): Outcome {
  if (start.kind === 'granted') slot.adopt(start.server);
  slot.pass();
  return renders.leave();
}

/** A job that drover cannot read would come back for ever: it goes to the dead letters. */
function setAside(context: ConsumerContext, queued: RequestJob): Outcome {
  const detail = `The job ${queued.id} was put there by something else than drover.`;
  const request = String(queued.id);
  context.troubles.note(new DroverError('E_QUEUE', detail), 'foreign job set aside', { request }, 'error');
  return { kind: 'dead', failure: failure('E_QUEUE', detail) };
}

/** What the fetch means for the request. */
async function decide(context: ConsumerContext, job: ActiveJob, fetched: Fetched): Promise<Decision> {
  const { result } = fetched;
  const verdict = classify(result, { deadOn: job.loadedCrawl.settings.deadOn, nowMs: Date.now() });
  // The backoff hears what the answer tells about the host before the slot goes to the next request.
  noteHostSignals(context, job, result, fetched.ageMs);
  job.slot.pass();
  const early =
    job.session.kind === 'ready' && job.session.session ? await noteSession(context, job, result) : null;
  if (early) return early;
  const later = result.ok ? null : await postponeForProxy(context, job, result.failure, result.againMs);
  if (later) return later;
  if (fetched.isOdd) await job.remember({ unconditional: true });
  if (verdict.kind !== 'postponed' && (fetched.isOdd || wantsGet(job, result))) {
    await job.remember({ hop: null, ...(fetched.isOdd ? {} : { wantsGet: true }) });
    return postponeFor(0);
  }
  switch (verdict.kind) {
    case 'recorded': {
      const { answer, failure: reason } = verdict;
      if (reason?.code !== 'E_PAYMENT') return { kind: 'end', as: 'recorded', answer, failure: reason };
      const why = await refusalToPay(job, answer);
      return why === null
        ? postponeFor(0)
        : { kind: 'end', as: 'recorded', answer, failure: unpaid(reason, why) };
    }
    case 'retry':
      return retry(context, job, verdict, result);
    case 'postponed': {
      const pause = context.backoff.tell(fetched.key);
      const again = await postpone(context, job, { pause, why: verdict.failure });
      return again ?? die(job, { ...verdict, failure: postponedTooLong(verdict.answer.status), result });
    }
    case 'dead':
      // When robots.txt forbids a hop, it counts as if it forbade the request itself.
      if (catalogue[verdict.failure.code].ends === 'refused') return refuseRequest(verdict.failure);
      return die(job, { failure: verdict.failure, answer: verdict.answer, result });
    default:
      return verdict satisfies never;
  }
}

/**
 * A link that is only checked is asked for with HEAD first. Servers answer HEAD with many errors where GET
 * works, so only an error of GET is believed; it is asked for under all limits of its host.
 */
function wantsGet({ request, memory }: ActiveJob, result: FetchResult): boolean {
  if (!request.extras?.checkOnly || memory.wantsGet || !result.ok) return false;
  const { status } = result.answer;
  return status >= 400 && status !== 408 && status !== 425 && status !== 429;
}

/**
 * When a seed that had no scheme cannot be reached by https, its failure says that https was assumed: the
 * server may speak plain http alone.
 */
function withAssumption({ request }: ActiveJob, end: RequestEnd): RequestEnd {
  if (request.extras?.assumed !== 'https' || end.as !== 'dead' || end.answer) return end;
  const { code, layer, detail = '', cause } = end.failure;
  if (layer === 'dns') return end;
  return { ...end, failure: failure(code, `${detail} ${ASSUMED}`.trim(), cause) };
}

const ASSUMED =
  'https was assumed, because the seed had no scheme; offer it with http:// if the server speaks that.';
