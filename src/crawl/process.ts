// The pipeline of DESIGN §3 for one job: admit ─ slot ─ fetch ─ classify ─ handle ─ store ─ follow ─ end. Every step is
// idempotent by the request's id, and the order makes a crash between any two of them harmless.
import type { Failure } from '../errors.ts';
import { failure } from '../errors.ts';
import { classify } from '../fetch/classify.ts';
import type { Ended } from '../frontier/commit.ts';
import { limiterKeyOfRequest } from '../frontier/entry.ts';
import { crawlAndId } from '../frontier/keys.ts';
import type { Answer, FetchResult, Outcome, Verdict } from '../outcome.ts';
import type { RequestJob } from '../queue/queue.ts';
import { unpackRequest } from '../request.ts';
import { admit, startOf } from './admit.ts';
import { follow } from './follow.ts';
import { examine, recordOf } from './record-of.ts';
import { backoffMs, rateLimitPauseMs } from './retry-times.ts';
import type { Station, Work } from './station.ts';
import { dropSlot, visit } from './visit.ts';

/** Never throws for anything that a request, a server or another consumer can do. `abort` aborts when the job is no longer ours. */
export async function processJob(
  station: Station,
  job: RequestJob,
  abort: AbortController,
): Promise<Outcome> {
  const work = await workOf(station, job, abort);
  if (!work) return { kind: 'done' };
  try {
    const admission = await admit(station, work, job);
    if (admission.kind === 'refuse') return await refuse(station, work, admission.failure);
    if (admission.kind === 'fail')
      return await die(station, work, { failure: admission.failure, answer: null, result: null });
    if (admission.kind === 'again')
      return await retry(station, work, { failure: admission.failure, answer: null }, null);
    if (admission.kind !== 'go') return admission;
    // The permit is held until the end is committed: so a crash costs at most as many fetches as may be in flight.
    return await fetchAndEnd(station, work).finally(() => station.permits.give());
  } finally {
    dropSlot(station, work);
  }
}

async function workOf(station: Station, job: RequestJob, abort: AbortController): Promise<Work | null> {
  const jobId = job.id ?? '';
  const { crawl, id } = crawlAndId(jobId);
  const plan = await station.plans.get(crawl);
  if (!plan) return null;
  const request = unpackRequest(job.data);
  const start = startOf(job);
  const key = limiterKeyOfRequest(request);
  return {
    jobId,
    crawl,
    id,
    request,
    plan,
    laneKey: key,
    key,
    take: 0,
    // A slot that dispatch gave has the job's name; any other has one of its own, since a name goes on with its slot.
    holder: start === 'granted' ? jobId : `${jobId}/${job.attemptsStarted}`,
    holding: false,
    attempt: job.attemptsMade + 1,
    start,
    toldOffAt: typeof job.progress === 'number' && job.progress > 0 ? job.progress : null,
    noteToldOff: (at) => job.updateProgress(at),
    queueMs: Math.max(0, Date.now() - job.timestamp - (job.delay ?? 0)),
    slotMs: 0,
    abort,
  };
}

async function fetchAndEnd(station: Station, work: Work): Promise<Outcome> {
  const started = performance.now();
  const seen = await visit(station, work);
  const pageKey = work.key;
  dropSlot(station, work);
  if (seen.kind === 'detour') return seen.outcome;
  station.hostTimes.note(pageKey, performance.now() - started);
  if (work.abort.signal.aborted) return { kind: 'lost', failure: lossOf(work) };
  const { result } = seen;
  const verdict = classify(result, { deadOn: work.plan.settings.deadOn, nowMs: Date.now() });
  switch (verdict.kind) {
    case 'recorded':
      return record(station, work, verdict.answer, verdict.failure);
    case 'retry':
      return retry(station, work, verdict, result);
    case 'snooze':
      return snooze(station, work, verdict, pageKey, result);
    case 'dead':
      // A hop that robots.txt forbids is what it would be for the request itself.
      if (verdict.failure.code === 'E_ROBOTS') return refuse(station, work, verdict.failure);
      if (verdict.failure.code === 'E_ROBOTS_UNREACHABLE') return retry(station, work, verdict, result);
      return die(station, work, { failure: verdict.failure, answer: verdict.answer, result });
    default:
      return verdict satisfies never;
  }
}

function lossOf(work: Work): Failure {
  const reason = work.abort.signal.reason as Partial<Failure> | undefined;
  return reason?.code ? (reason as Failure) : failure('E_LOCK_LOST');
}

async function record(station: Station, work: Work, answer: Answer, error: Failure | null): Promise<Outcome> {
  const findings = examine(work, answer);
  await station.sink.store(
    recordOf(work, { answer, failure: error, timings: null, finalUrl: null }, findings),
    work.take,
    work.plan.shelf,
  );
  const from = work.request.depth === 0 ? answer.finalUrl : work.request.url;
  const followed = error === null && findings.links ? findings.links : [];
  const links = followed.length === 0 ? '' : await follow(station, work, followed, from);
  if (links === null) return { kind: 'lost', failure: failure('E_LOCK_LOST') };
  return end(station, work, { kind: 'recorded' }, { error, answer, links });
}

async function refuse(station: Station, work: Work, error: Failure): Promise<Outcome> {
  await station.sink.store(
    recordOf(work, { answer: null, failure: error, timings: null, finalUrl: null }, null),
    work.take,
    work.plan.shelf,
  );
  return end(station, work, { kind: 'refused' }, { error, answer: null, links: '' });
}

async function die(
  station: Station,
  work: Work,
  cause: { failure: Failure; answer: Answer | null; result: FetchResult | null },
): Promise<Outcome> {
  const { answer, result } = cause;
  const findings = answer ? examine(work, answer) : null;
  const came =
    result && !result.ok
      ? { timings: result.timings, finalUrl: result.finalUrl }
      : { timings: null, finalUrl: null };
  await station.sink.store(
    recordOf(work, { answer, failure: cause.failure, ...came }, findings),
    work.take,
    work.plan.shelf,
  );
  return end(
    station,
    work,
    { kind: 'dead', failure: cause.failure },
    { error: cause.failure, answer, links: '' },
  );
}

/** The commit: links, counters and the request's end, in one atomic call. */
async function end(
  station: Station,
  work: Work,
  outcome: Extract<Outcome, { kind: 'recorded' | 'refused' | 'dead' }>,
  facts: { error: Failure | null; answer: Answer | null; links: string },
): Promise<Outcome> {
  const { error, answer, links } = facts;
  const ended: Ended = await station.committer.commit({
    crawl: work.crawl,
    id: work.id,
    take: work.take,
    kind: outcome.kind,
    key: work.laneKey,
    status: answer?.status ?? null,
    code: error?.code ?? null,
    bytes: answer?.body.byteLength ?? 0,
    reason: error ? `${error.code} ${error.message}` : '',
    links,
  });
  if (ended === 'taken') return { kind: 'lost', failure: failure('E_LOCK_LOST') };
  return outcome;
}

async function retry(
  station: Station,
  work: Work,
  verdict: { failure: Failure; answer: Answer | null },
  result: FetchResult | null,
): Promise<Outcome> {
  const attempts = work.request.extras?.attempts ?? work.plan.settings.attempts;
  if (work.attempt >= attempts) return die(station, work, { ...verdict, result });
  station.tallies.count(work.crawl, 'retries');
  return { kind: 'retry', failure: verdict.failure, delayMs: backoffMs(work) };
}

/** The server says that it is too much: the whole key pauses, and the request is put back without using up an attempt. */
async function snooze(
  station: Station,
  work: Work,
  verdict: Extract<Verdict, { kind: 'snooze' }>,
  key: string,
  result: FetchResult,
): Promise<Outcome> {
  const { settings } = work.plan;
  const now = Date.now();
  const since = work.toldOffAt ?? now;
  const pauseMs = rateLimitPauseMs(verdict.retryAfterMs, now - since, settings.maxPause);
  if (now + pauseMs - since > settings.maxSnooze) return die(station, work, { ...verdict, result });
  if (work.toldOffAt === null) await work.noteToldOff(now);
  await station.slots.pause(key, pauseMs);
  station.tallies.count(work.crawl, 'snoozes');
  return { kind: 'snooze', untilMs: Date.now() + pauseMs };
}
