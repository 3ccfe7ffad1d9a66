// The pipeline of DESIGN §3 for one job: admit ─ slot ─ fetch ─ classify ─ handle ─ store ─ follow ─ end. Every step is
// idempotent by the request's id, and the order makes a crash between any two of them harmless.
import type { Failure } from '../src/errors.ts';
import { failure } from '../src/errors.ts';
import { classify } from '../src/fetch/classify.ts';
import type { Ended } from '../src/frontier/commit.ts';
import { limiterKeyOfRequest } from '../src/frontier/entry.ts';
import { crawlAndId } from '../src/frontier/keys.ts';
import type { Answer, FetchResult, Outcome, Verdict } from '../src/outcome.ts';
import type { RequestJob } from '../src/queue/queue.ts';
import type { CrawlRecord } from '../src/record.ts';
import { unpackRequest } from '../src/request.ts';
import { limiterKeyOf } from '../src/url/host.ts';
import { admit, startOf } from './admit.ts';
import { triesOf } from './attempt-log.ts';
import type { Memory, Station, Work } from './context.ts';
import { visit } from './fetch-request.ts';
import { type Followed, follow, NOTHING_FOLLOWED } from './follow-links.ts';
import { followSitemap } from './follow-sitemap.ts';
import { listen } from './host-signals.ts';
import { examine, recordOf } from './record.ts';
import { backoffMs } from './retry-delay.ts';
import { givePermit, leaveSlot, snoozeFor } from './slot-of-job.ts';

/** Put back for so long at least, and not all of a host's requests at the same moment. */
const LEAST_SNOOZE_MS = 50;
const JITTER_MS = 100;

/** Never throws for anything that a request, a server or another consumer can do. `abort` aborts when the job is no longer ours. */
export async function processJob(
  station: Station,
  job: RequestJob,
  abort: AbortController,
): Promise<Outcome> {
  const work = await workOf(station, job, abort);
  if (!work) return { kind: 'done' };
  const outcome = await pass(station, work, job);
  station.reports.note(work, outcome);
  return outcome;
}

async function pass(station: Station, work: Work, job: RequestJob): Promise<Outcome> {
  try {
    const admission = await admit(station, work, job);
    if (admission.kind === 'refuse') return await refuse(station, work, admission.failure);
    if (admission.kind === 'fail')
      return await die(station, work, { failure: admission.failure, answer: null, result: null });
    if (admission.kind === 'again')
      return await retry(station, work, { failure: admission.failure, answer: null }, null);
    if (admission.kind !== 'go') return admission;
    // The permit is held until the end is committed: so a crash costs at most as many fetches as may be in flight.
    return await fetchAndEnd(station, work);
  } finally {
    leaveSlot(station, work);
    givePermit(station, work);
  }
}

async function workOf(station: Station, job: RequestJob, abort: AbortController): Promise<Work | null> {
  const jobId = job.id ?? '';
  const { crawl, id } = crawlAndId(jobId);
  const plan = await station.plans.get(crawl);
  if (!plan) return null;
  const request = unpackRequest(job.data);
  const laneKey = limiterKeyOfRequest(request);
  const memory = memoryOf(job);
  const start = startOf(job, plan, station.slots.news.listeningSinceMs());
  return {
    jobId,
    crawl,
    id,
    request,
    plan,
    laneKey,
    url: memory.hop?.url ?? request.url,
    key: memory.hop ? limiterKeyOf(memory.hop.url) : laneKey,
    take: 0,
    // A slot that came along too long ago is still its own, if it has not lapsed: the gate is asked with it.
    holder: start.kind === 'ask' && job.attemptsStarted === 1 && job.name.startsWith('fetch') ? jobId : null,
    timed: false,
    hasPermit: false,
    attempt: job.attemptsMade + 1,
    start,
    memory,
    async remember(change) {
      Object.assign(memory, change);
      await job.updateProgress(memory);
    },
    queueMs: Math.max(0, Date.now() - job.timestamp - (job.delay ?? 0)),
    slotMs: 0,
    abort,
    story: {
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

function memoryOf({ progress }: RequestJob): Memory {
  const known = typeof progress === 'object' ? (progress as Partial<Memory>) : {};
  return { toldOffAt: known.toldOffAt ?? null, hop: known.hop ?? null, tries: known.tries ?? [] };
}

async function fetchAndEnd(station: Station, work: Work): Promise<Outcome> {
  const started = performance.now();
  const seen = await visit(station, work);
  const pageKey = work.key;
  const verdict = seen.kind === 'fetched' ? verdictOn(station, work, seen.result) : null;
  leaveSlot(station, work);
  if (seen.kind === 'detour') return seen.outcome;
  const ageMs = performance.now() - started;
  station.hostTimes.note(pageKey, ageMs);
  if (work.abort.signal.aborted || !verdict) return { kind: 'lost', failure: lossOf(work) };
  const { result } = seen;
  work.story.result = result;
  work.story.fetchedAt = performance.timeOrigin + started + ageMs;
  switch (verdict.kind) {
    case 'recorded':
      return record(station, work, verdict.answer, verdict.failure);
    case 'retry':
      return retry(station, work, verdict, result);
    case 'snooze':
      return snooze(station, work, verdict, { key: pageKey, ageMs, result });
    case 'dead':
      // A hop that robots.txt forbids is what it would be for the request itself.
      if (verdict.failure.code === 'E_ROBOTS') return refuse(station, work, verdict.failure);
      if (verdict.failure.code === 'E_ROBOTS_UNREACHABLE') return retry(station, work, verdict, result);
      return die(station, work, { failure: verdict.failure, answer: verdict.answer, result });
    default:
      return verdict satisfies never;
  }
}

/** What the host says of being asked is heard before the slot is passed on to the next request. */
function verdictOn(station: Station, work: Work, result: FetchResult): Verdict {
  const verdict = classify(result, { deadOn: work.plan.settings.deadOn, nowMs: Date.now() });
  if (!work.abort.signal.aborted) listen(station, work, result, verdict);
  return verdict;
}

function lossOf(work: Work): Failure {
  const reason = work.abort.signal.reason as Partial<Failure> | undefined;
  return reason?.code ? (reason as Failure) : failure('E_LOCK_LOST');
}

async function record(station: Station, work: Work, answer: Answer, error: Failure | null): Promise<Outcome> {
  if (work.request.extras?.sitemap) return recordSitemap(station, work, answer, error);
  const findings = examine(work, answer);
  await store(
    station,
    work,
    recordOf(work, { answer, failure: error, timings: null, finalUrl: null }, findings),
  );
  const from = work.request.depth === 0 ? answer.finalUrl : work.request.url;
  const followed = error === null && findings.links ? findings.links : [];
  const next = followed.length === 0 ? NOTHING_FOLLOWED : await follow(station, work, followed, from);
  if (next === null) return { kind: 'lost', failure: failure('E_LOCK_LOST') };
  const leftOut = findings.tooLong > 0 ? { ...next.leftOut, E_URL_TOO_LONG: findings.tooLong } : next.leftOut;
  return end(station, work, { kind: 'recorded' }, { error, answer, links: next.links, leftOut });
}

/** Its body is not kept: what it lists are requests of their own. */
async function recordSitemap(
  station: Station,
  work: Work,
  answer: Answer,
  error: Failure | null,
): Promise<Outcome> {
  const record = recordOf(work, { answer, failure: error, timings: null, finalUrl: null }, null);
  await store(station, work, { ...record, body: null });
  const listed = await followSitemap(station, work, error === null ? answer : null);
  if (listed === null) return { kind: 'lost', failure: failure('E_LOCK_LOST') };
  return end(station, work, { kind: 'recorded' }, { error, answer, ...listed });
}

async function refuse(station: Station, work: Work, error: Failure): Promise<Outcome> {
  await store(
    station,
    work,
    recordOf(work, { answer: null, failure: error, timings: null, finalUrl: null }, null),
  );
  const named = await sitemapsBesides(station, work);
  if (named === null) return { kind: 'lost', failure: failure('E_LOCK_LOST') };
  return end(station, work, { kind: 'refused' }, { error, answer: null, ...named });
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
  await work.remember({ tries: triesOf(work, cause) });
  await store(station, work, recordOf(work, { answer, failure: cause.failure, ...came }, findings));
  const named = await sitemapsBesides(station, work);
  if (named === null) return { kind: 'lost', failure: failure('E_LOCK_LOST') };
  const { failure: error } = cause;
  return end(station, work, { kind: 'dead', failure: error }, { error, answer, ...named });
}

async function store(station: Station, work: Work, record: CrawlRecord): Promise<void> {
  const storedAt = performance.now();
  work.story.storedAt = performance.timeOrigin + storedAt;
  await station.sink.store(record, work.take, work.plan.shelf);
  work.story.storeMs = performance.now() - storedAt;
}

/** What robots.txt names does not depend on the /sitemap.xml with which it is taken (--sitemap auto). */
async function sitemapsBesides(station: Station, work: Work): Promise<Followed | null> {
  return work.request.extras?.sitemap?.auto ? followSitemap(station, work, null) : NOTHING_FOLLOWED;
}

/** The commit: links, counters and the request's end, in one atomic call. */
async function end(
  station: Station,
  work: Work,
  outcome: Extract<Outcome, { kind: 'recorded' | 'refused' | 'dead' }>,
  facts: { error: Failure | null; answer: Answer | null } & Followed,
): Promise<Outcome> {
  const { error, answer, links, leftOut } = facts;
  work.story.failure = error;
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
    host: limiterKeyOf(work.request.url),
    links,
    leftOut,
  });
  work.story.ended = ended;
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
  // The redirects may lead elsewhere next time.
  await work.remember({ hop: null, tries: triesOf(work, { ...verdict, result }) });
  station.tallies.count(work.crawl, 'retries');
  return { kind: 'retry', failure: verdict.failure, delayMs: backoffMs(work) };
}

/** The server says that it is too much: the whole key pauses, and the request is put back without using up an attempt. */
async function snooze(
  station: Station,
  work: Work,
  verdict: Extract<Verdict, { kind: 'snooze' }>,
  { key, ageMs, result }: { key: string; ageMs: number; result: FetchResult },
): Promise<Outcome> {
  const { settings } = work.plan;
  const asked = { afterMs: verdict.retryAfterMs, longestMs: settings.maxPause, ageMs };
  const { pausedMs, toldForMs } = await station.demands.pause(key, asked);
  const now = Date.now();
  const since = Math.min(work.memory.toldOffAt ?? now, now - toldForMs);
  if (now + pausedMs - since > settings.maxSnooze) return die(station, work, { ...verdict, result });
  if (work.memory.toldOffAt === null) await work.remember({ toldOffAt: now });
  station.tallies.count(work.crawl, 'snoozes');
  work.story.failure = verdict.failure;
  return snoozeFor(Math.max(pausedMs, LEAST_SNOOZE_MS) + Math.random() * JITTER_MS);
}
