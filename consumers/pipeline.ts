// The pipeline of DESIGN §3 for one job: admit ─ slot ─ fetch ─ classify ─ handle ─ store ─ follow ─ end. Every step is
// idempotent by the request's id, and the order makes a crash between any two of them harmless.
import type { Failure } from '../src/errors.ts';
import { catalogue, failure, isFailure, packFailure } from '../src/errors.ts';
import { classify } from '../src/fetch/classify.ts';
import type { Ended } from '../src/frontier/commit.ts';
import { limiterKeyOfRequest } from '../src/frontier/entry.ts';
import { crawlAndId } from '../src/keys.ts';
import type { Answer, FetchResult, Outcome, Verdict } from '../src/outcome.ts';
import { requestIn, startIn } from '../src/queue/job-data.ts';
import { memoryIn } from '../src/queue/job-memory.ts';
import type { RequestJob } from '../src/queue/queue.ts';
import type { CrawlRecord } from '../src/record.ts';
import { limiterKeyOf } from '../src/url/host.ts';
import { admit, startOf } from './admit.ts';
import { triesOf } from './attempt-log.ts';
import type { ActiveJob, ConsumerContext } from './context.ts';
import { visit } from './fetch-request.ts';
import { type Followed, follow, NOTHING_FOLLOWED } from './follow-links.ts';
import { followSitemap } from './follow-sitemap.ts';
import { listen } from './host-signals.ts';
import { postpone } from './postpone.ts';
import { examine, recordOf } from './record.ts';
import { backoffMs } from './retry-delay.ts';
import { givePermit, leaveSlot } from './slot-of-job.ts';

/** Never throws for anything that a request, a server or another consumer can do. `abort` aborts when the job is no longer ours. */
export async function processJob(
  context: ConsumerContext,
  queued: RequestJob,
  abort: AbortController,
): Promise<Outcome> {
  const job = await activeJobOf(context, queued, abort);
  if (!job) return { kind: 'done' };
  const outcome = await pass(context, job, queued);
  context.reports.note(job, outcome);
  return outcome;
}

async function pass(context: ConsumerContext, job: ActiveJob, queued: RequestJob): Promise<Outcome> {
  try {
    const admission = await admit(context, job, queued);
    if (admission.kind === 'refuse') return await refuse(context, job, admission.failure);
    if (admission.kind === 'fail')
      return await die(context, job, { failure: admission.failure, answer: null, result: null });
    if (admission.kind === 'again')
      return await retry(context, job, { failure: admission.failure, answer: null }, null);
    if (admission.kind !== 'go') return admission;
    // The permit is held until the end is committed: so a crash costs at most as many fetches as may be in flight.
    return await fetchAndEnd(context, job);
  } finally {
    leaveSlot(context, job);
    givePermit(context, job);
  }
}

async function activeJobOf(
  context: ConsumerContext,
  queued: RequestJob,
  abort: AbortController,
): Promise<ActiveJob | null> {
  const jobId = queued.id ?? '';
  const { crawl, id } = crawlAndId(jobId);
  const loadedCrawl = await context.loadedCrawls.get(crawl);
  if (!loadedCrawl) return null;
  const request = requestIn(queued.data);
  const laneKey = limiterKeyOfRequest(request);
  const memory = memoryIn(queued);
  const start = startOf(queued, loadedCrawl, context.slots.keyEvents.listeningSinceMs());
  return {
    jobId,
    crawl,
    id,
    request,
    loadedCrawl,
    laneKey,
    url: memory.hop?.url ?? request.url,
    key: memory.hop ? limiterKeyOf(memory.hop.url) : laneKey,
    claim: 0,
    // A slot that came along too long ago is still its own, if it has not lapsed: the gate is asked with it.
    holder:
      start.kind === 'ask' && queued.attemptsStarted === 1 && startIn(queued).kind === 'granted'
        ? jobId
        : null,
    timed: false,
    hasPermit: false,
    attempt: queued.attemptsMade + 1,
    start,
    memory,
    async remember(change) {
      Object.assign(memory, change);
      await queued.updateProgress(memory);
    },
    queueMs: Math.max(0, Date.now() - queued.timestamp - (queued.delay ?? 0)),
    slotMs: 0,
    abort,
    trace: {
      result: null,
      failure: null,
      ended: null,
      beganAt: performance.timeOrigin + performance.now(),
      fetchedAt: null,
      storedAt: null,
      storeMs: null,
    },
  };
}

async function fetchAndEnd(context: ConsumerContext, job: ActiveJob): Promise<Outcome> {
  const started = performance.now();
  const seen = await visit(context, job);
  const pageKey = job.key;
  const ageMs = performance.now() - started;
  const verdict = seen.kind === 'fetched' ? verdictOn(context, job, seen.result, ageMs) : null;
  leaveSlot(context, job);
  if (seen.kind === 'detour') return seen.outcome;
  context.hostTimes.note(pageKey, ageMs);
  if (job.abort.signal.aborted || !verdict) return { kind: 'lost', failure: lossOf(job) };
  const { result } = seen;
  job.trace.result = result;
  job.trace.fetchedAt = performance.timeOrigin + started + ageMs;
  switch (verdict.kind) {
    case 'recorded':
      return record(context, job, verdict.answer, verdict.failure);
    case 'retry':
      return retry(context, job, verdict, result);
    case 'postponed': {
      const { status } = verdict.answer;
      const later = await postpone(context, job, { pause: context.backoff.tell(pageKey), status });
      return later ?? die(context, job, { ...verdict, result });
    }
    case 'dead':
      // A hop that robots.txt forbids is what it would be for the request itself.
      if (catalogue[verdict.failure.code].ends === 'refused') return refuse(context, job, verdict.failure);
      return die(context, job, { failure: verdict.failure, answer: verdict.answer, result });
    default:
      return verdict satisfies never;
  }
}

/** What the host says of being asked is heard before the slot is passed on to the next request. */
function verdictOn(context: ConsumerContext, job: ActiveJob, result: FetchResult, ageMs: number): Verdict {
  const verdict = classify(result, { deadOn: job.loadedCrawl.settings.deadOn, nowMs: Date.now() });
  if (!job.abort.signal.aborted) listen(context, job, result, ageMs);
  return verdict;
}

function lossOf(job: ActiveJob): Failure {
  const reason: unknown = job.abort.signal.reason;
  return isFailure(reason) ? reason : failure('E_LOCK_LOST');
}

async function record(
  context: ConsumerContext,
  job: ActiveJob,
  answer: Answer,
  error: Failure | null,
): Promise<Outcome> {
  if (job.request.extras?.sitemap) return recordSitemap(context, job, answer, error);
  const findings = examine(job, answer);
  await store(
    context,
    job,
    recordOf(job, { answer, failure: error, timings: null, finalUrl: null }, findings),
  );
  const from = job.request.depth === 0 ? answer.finalUrl : job.request.url;
  const followed = error === null && findings.links ? findings.links : [];
  const next = followed.length === 0 ? NOTHING_FOLLOWED : await follow(context, job, followed, from);
  if (next === null) return { kind: 'lost', failure: failure('E_LOCK_LOST') };
  const leftOut = findings.tooLong > 0 ? { ...next.leftOut, E_URL_TOO_LONG: findings.tooLong } : next.leftOut;
  return end(context, job, { kind: 'recorded' }, { error, answer, links: next.links, leftOut });
}

/** Its body is not kept: what it lists are requests of their own. */
async function recordSitemap(
  context: ConsumerContext,
  job: ActiveJob,
  answer: Answer,
  error: Failure | null,
): Promise<Outcome> {
  const record = recordOf(job, { answer, failure: error, timings: null, finalUrl: null }, null);
  await store(context, job, { ...record, body: null });
  const listed = await followSitemap(context, job, error === null ? answer : null);
  if (listed === null) return { kind: 'lost', failure: failure('E_LOCK_LOST') };
  return end(context, job, { kind: 'recorded' }, { error, answer, ...listed });
}

async function refuse(context: ConsumerContext, job: ActiveJob, error: Failure): Promise<Outcome> {
  await store(
    context,
    job,
    recordOf(job, { answer: null, failure: error, timings: null, finalUrl: null }, null),
  );
  const named = await sitemapsBesides(context, job);
  if (named === null) return { kind: 'lost', failure: failure('E_LOCK_LOST') };
  return end(context, job, { kind: 'refused' }, { error, answer: null, ...named });
}

async function die(
  context: ConsumerContext,
  job: ActiveJob,
  cause: { failure: Failure; answer: Answer | null; result: FetchResult | null },
): Promise<Outcome> {
  const { answer, result } = cause;
  const findings = answer ? examine(job, answer) : null;
  const came =
    result && !result.ok
      ? { timings: result.timings, finalUrl: result.finalUrl }
      : { timings: null, finalUrl: null };
  await job.remember({ tries: triesOf(job, cause) });
  await store(context, job, recordOf(job, { answer, failure: cause.failure, ...came }, findings));
  const named = await sitemapsBesides(context, job);
  if (named === null) return { kind: 'lost', failure: failure('E_LOCK_LOST') };
  const { failure: error } = cause;
  return end(context, job, { kind: 'dead', failure: error }, { error, answer, ...named });
}

async function store(context: ConsumerContext, job: ActiveJob, record: CrawlRecord): Promise<void> {
  const storedAt = performance.now();
  job.trace.storedAt = performance.timeOrigin + storedAt;
  await context.store.write(record, job.claim, job.loadedCrawl.recordsFolder);
  job.trace.storeMs = performance.now() - storedAt;
}

/** What robots.txt names does not depend on the /sitemap.xml with which it is taken (--sitemap auto). */
async function sitemapsBesides(context: ConsumerContext, job: ActiveJob): Promise<Followed | null> {
  return job.request.extras?.sitemap?.auto ? followSitemap(context, job, null) : NOTHING_FOLLOWED;
}

/** The commit: links, counters and the request's end, in one atomic call. */
async function end(
  context: ConsumerContext,
  job: ActiveJob,
  outcome: Extract<Outcome, { kind: 'recorded' | 'refused' | 'dead' }>,
  facts: { error: Failure | null; answer: Answer | null } & Followed,
): Promise<Outcome> {
  const { error, answer, links, leftOut } = facts;
  job.trace.failure = error;
  const ended: Ended = await context.committer.commit({
    crawl: job.crawl,
    id: job.id,
    claim: job.claim,
    kind: outcome.kind,
    key: job.laneKey,
    status: answer?.status ?? null,
    code: error?.code ?? null,
    bytes: answer?.body.byteLength ?? 0,
    reason: error ? packFailure(error) : '',
    host: limiterKeyOf(job.request.url),
    links,
    leftOut,
  });
  job.trace.ended = ended;
  if (ended === 'taken') return { kind: 'lost', failure: failure('E_LOCK_LOST') };
  return outcome;
}

async function retry(
  context: ConsumerContext,
  job: ActiveJob,
  verdict: { failure: Failure; answer: Answer | null },
  result: FetchResult | null,
): Promise<Outcome> {
  const attempts = job.request.extras?.attempts ?? job.loadedCrawl.settings.attempts;
  if (job.attempt >= attempts) return die(context, job, { ...verdict, result });
  // The redirects may lead elsewhere next time.
  await job.remember({ hop: null, tries: triesOf(job, { ...verdict, result }) });
  context.tallies.count(job.crawl, 'retries');
  return { kind: 'retry', failure: verdict.failure, delayMs: backoffMs(job) };
}
