// The life of a job, as a list of steps: admit ─ slot ─ fetch ─ classify ─ handle ─ store ─ follow ─ commit ─ settle. Every step is
// idempotent by the request's id, and their order makes a crash between any two of them harmless.
import { catalogue, failure } from '../src/errors.ts';
import { classify } from '../src/fetch/classify.ts';
import type { Outcome } from '../src/outcome.ts';
import type { RequestJob } from '../src/queue/queue.ts';
import { admit } from './admit.ts';
import { commit } from './commit.ts';
import type { ActiveJob, ConsumerContext } from './context.ts';
import { type Decision, die, refuseRequest, retry } from './decision.ts';
import { type Fetched, fetchRequest } from './fetch/fetch-request.ts';
import { follow } from './follow/follow.ts';
import { handle } from './handle.ts';
import { listen } from './host-signals.ts';
import { openJob } from './open-job.ts';
import { postpone } from './postpone.ts';
import { store } from './store.ts';

/**
 * Answers how this turn of the job ended, which job-worker.ts tells BullMQ (settle). Never throws for anything that a request, a server or
 * another consumer can do. `abort` aborts when the job is no longer ours.
 */
export async function processJob(
  context: ConsumerContext,
  queued: RequestJob,
  abort: AbortController,
): Promise<Outcome> {
  const job = await openJob(context, queued, abort);
  if (!job) return { kind: 'done' };
  let outcome: Outcome;
  try {
    outcome = await runSteps(context, job);
  } finally {
    // The permit is held until the end is committed: so a crash costs at most as many fetches as may be in flight.
    job.slot.release();
  }
  context.reports.note(job, outcome);
  return outcome;
}

async function runSteps(context: ConsumerContext, job: ActiveJob): Promise<Outcome> {
  // 1. admit and 2. slot: may it be fetched now? Unless `early` says what else becomes of it, a slot and a permit are held from here on.
  const { claim, early } = await admit(context, job);
  // 3. fetch: every redirect passes robots.txt and the gate of its host.
  const fetched = early ?? (await fetchRequest(context, job));
  // 4. classify: what the answer, or the failure, makes of the request. Its slot goes on to the next.
  const decision = fetched.kind === 'fetched' ? await decide(context, job, fetched) : fetched;
  // Here leaves whatever does not end the request: retry, postponed, stop, lost, and what had ended before. Its end goes on, in all of the
  // three ways: recorded, refused, dead.
  if (decision.kind !== 'end') return decision;
  // 5. handle: title, links, text; the record.
  const { record, findings } = handle(job, decision);
  // 6. store: durable before anything says that it has ended.
  await store(context, job, record, claim);
  // 7. follow: all links but the last part are offered.
  const followed = await follow(context, job, decision, findings, claim);
  if (followed === null) return { kind: 'lost', failure: failure('E_LOCK_LOST') };
  // 8. commit: the last links, the counters, the end; nothing at all if the claim is no longer the newest.
  // 9. settle: job-worker.ts tells BullMQ the outcome.
  return commit(context, job, decision, followed, claim);
}

/** What the fetch makes of the request. */
async function decide(context: ConsumerContext, job: ActiveJob, fetched: Fetched): Promise<Decision> {
  const { result } = fetched;
  const verdict = classify(result, { deadOn: job.loadedCrawl.settings.deadOn, nowMs: Date.now() });
  // What the host says of being asked is heard before the slot is passed on to the next request.
  listen(context, job, result, fetched.ageMs);
  job.slot.pass();
  switch (verdict.kind) {
    case 'recorded':
      return { kind: 'end', as: 'recorded', answer: verdict.answer, failure: verdict.failure };
    case 'retry':
      return retry(context, job, verdict, result);
    case 'postponed': {
      const pause = context.backoff.tell(fetched.key);
      const later = await postpone(context, job, { pause, status: verdict.answer.status });
      return later ?? die(job, { ...verdict, result });
    }
    case 'dead':
      // A hop that robots.txt forbids is what it would be for the request itself.
      if (catalogue[verdict.failure.code].ends === 'refused') return refuseRequest(verdict.failure);
      return die(job, { failure: verdict.failure, answer: verdict.answer, result });
    default:
      return verdict satisfies never;
  }
}
