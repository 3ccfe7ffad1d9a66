// Makes an ActiveJob from a job of BullMQ: reads what it carries, and checks whether what dispatch gave with
// it still holds.
import type { LoadedCrawl } from '../src/crawl/loaded-crawl.ts';
import { limiterKeyOfRequest } from '../src/frontier/entry.ts';
import { crawlAndId } from '../src/keys.ts';
import { LEASE_MS } from '../src/politeness/slot.ts';
import { type JobStart, startIn } from '../src/queue/job-data.ts';
import { memoryIn } from '../src/queue/job-memory.ts';
import type { RequestJob } from '../src/queue/queue.ts';
import type { Request } from '../src/request.ts';
import { limiterKeyOf } from '../src/url/host.ts';
import type { ActiveJob, ConsumerContext, JobTrace } from './context.ts';
import { sessionFor } from './session/open-session.ts';
import { HeldSlot } from './slot/held-slot.ts';
import { pageArchiveOf } from './store/page-archive.ts';
import { suspicionOf } from './suspicion.ts';

const ASK: JobStart = { kind: 'ask' };

/** Returns null when the crawl is gone: then the job can only be completed. */
export async function openJob(
  context: ConsumerContext,
  queued: RequestJob,
  request: Request,
  abort: AbortController,
): Promise<ActiveJob | null> {
  const jobId = queued.id ?? '';
  const { crawl, id } = crawlAndId(jobId);
  const loadedCrawl = await context.loadedCrawls.get(crawl);
  if (!loadedCrawl) return null;
  // Before it is decided how the job starts: a slot that came with it may lapse meanwhile.
  const former = await context.formerPages.find(loadedCrawl, id, request);
  const laneKey = limiterKeyOfRequest(request);
  const memory = memoryIn(queued);
  const { hop } = memory;
  const attempt = queued.attemptsMade + 1;
  const key = hop ? limiterKeyOf(hop.url) : laneKey;
  const { serverBy } = loadedCrawl.settings;
  const isFirst = queued.attemptsStarted === 1;
  let handedOut = startIn(queued);
  // While somebody logs in, a slot that came with the job is for the login.
  const giveBack = () => {
    if (isFirst && handedOut.kind === 'granted') {
      const given = new HeldSlot(context, { jobId, crawl, id, serverBy, abort }, key);
      given.adopt(handedOut.server);
      given.pass();
    }
    handedOut = ASK;
  };
  const opening = sessionFor(
    context,
    { jobId, crawl, id, request, loadedCrawl, attempt, abort, memory },
    giveBack,
  );
  const session = opening instanceof Promise ? await opening : opening;
  const start = startNow(handedOut, isFirst, {
    crawlChangedAt: loadedCrawl.changedAt,
    listeningSince: context.slots.keyEvents.listeningSinceMs(),
    now: Date.now(),
  });
  // A slot that was given too long ago still belongs to the job if it has not lapsed. The gate is asked with
  // it.
  const hasFormerSlot = start.kind === 'ask' && isFirst && handedOut.kind === 'granted';
  const stalls = queued.stalledCounter;
  const suspicion = suspicionOf(memory, stalls);
  const owner = { jobId, crawl, id, serverBy, abort, isAlone: suspicion.isSuspect && !suspicion.isCause };
  return {
    jobId,
    crawl,
    id,
    request,
    loadedCrawl,
    laneKey,
    url: hop?.url ?? request.url,
    start,
    attempt,
    session,
    stalls,
    suspicion,
    queueMs: Math.max(0, Date.now() - queued.timestamp - (queued.delay ?? 0)),
    former,
    abort,
    slot: new HeldSlot(context, owner, key, hasFormerSlot ? jobId : null),
    memory,
    async remember(change) {
      Object.assign(memory, change);
      await queued.updateProgress(memory);
    },
    trace: newTrace(),
    archive: pageArchiveOf(context, loadedCrawl, request),
  };
}

/**
 * How a job starts now. It starts as it was handed out if this is its first start, it was handed out a short
 * time ago, and the limits of its crawl have not changed since (nor those of its host, as far as this process
 * was listening). Otherwise it asks the gate. All times are in milliseconds since 1970.
 */
export function startNow(
  handedOut: JobStart,
  isFirst: boolean,
  times: { crawlChangedAt: LoadedCrawl['changedAt']; listeningSince: number; now: number },
): JobStart {
  if (handedOut.kind === 'ask' || !isFirst) return ASK;
  const { givenAt } = handedOut;
  const ageMs = times.now - givenAt;
  const isFresh =
    ageMs > -1000 && ageMs < LEASE_MS / 2 && givenAt > Math.max(times.crawlChangedAt, times.listeningSince);
  return isFresh ? handedOut : ASK;
}

function newTrace(): JobTrace {
  return {
    slotMs: 0,
    result: null,
    rules: null,
    failure: null,
    isUnchanged: false,
    ended: null,
    beganAt: performance.timeOrigin + performance.now(),
    fetchedAt: null,
    storedAt: null,
    storeMs: null,
  };
}
