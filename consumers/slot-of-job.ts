// Starts of one job: asking the gate for each, giving its slot back.
import { failure } from '../src/errors.ts';
import type { SlotAnswer } from '../src/politeness/slot.ts';
import { hostnameOf, registrableDomain } from '../src/url/host.ts';
import type { ActiveJob, ConsumerContext } from './context.ts';

/** Waits up to this long are slept with the job in hand; longer ones postpone the job. */
export const PATIENCE_MS = 1000;
/** A job that this process has no place for goes back so shortly that any other may take it. */
export const ELSEWHERE_MS = 50;
/** Nothing sleeps longer than this in the queue before it asks again: what an operator changes is seen by then. */
const LONGEST_POSTPONED_MS = 30_000;

export function postponeFor(afterMs: number): { kind: 'postponed'; untilMs: number } {
  return { kind: 'postponed', untilMs: Date.now() + Math.min(afterMs, LONGEST_POSTPONED_MS) };
}

/** Whether the next start at the held key must be asked for. */
export function isTimed(context: ConsumerContext, job: ActiveJob): boolean {
  return job.timed || context.slots.keyEvents.isTimed(job.key);
}

/** Whether a start may be made now without asking: nothing has come in between since the gate was asked. */
export function mayStart(context: ConsumerContext, job: ActiveJob): boolean {
  const { holder, key } = job;
  return holder !== null && context.slots.keyEvents.pausedFor(key) === 0 && context.slots.isFresh(holder);
}

export function givePermit(context: ConsumerContext, job: ActiveJob): void {
  if (job.hasPermit) context.permits.give();
  job.hasPermit = false;
}

/** What to ask for: the slot of `key`, for a fetch of `url`. The slot that is held now goes with the question, if it is of that key. */
export interface StartRequest {
  key: string;
  url: string;
  /** The request itself starts, perhaps not for the first time: not robots.txt, nor a hop. */
  claims: boolean;
  withPermit: boolean;
  /** The request was handed out ahead of its slot, and this is its own start. */
  ahead?: boolean;
  /** Default PATIENCE_MS. */
  patienceMs?: number;
}

/** Asks the gate; on 'go' the job holds the slot. In any other case it holds none any more. */
export async function askStart(
  context: ConsumerContext,
  job: ActiveJob,
  start: StartRequest,
): Promise<SlotAnswer> {
  const { key, url, claims, withPermit, ahead = false, patienceMs = PATIENCE_MS } = start;
  if (job.holder !== null && job.key !== key) leaveSlot(context, job);
  const holder = job.holder ?? undefined;
  job.holder = null;
  const answer = await context.slots.acquire(
    {
      crawl: job.crawl,
      id: job.id,
      key,
      claims,
      ahead: ahead && holder === undefined,
      asker: job.jobId,
      serverOf: () => serverOf(context, job, url),
      onLost: () => onLost(job),
      ...(holder === undefined ? {} : { holder }),
    },
    {
      patienceMs,
      signal: job.abort.signal,
      ...(withPermit ? { permit: context.permits } : {}),
    },
  );
  if (answer.kind === 'go') {
    job.key = key;
    job.holder = answer.holder;
    job.timed = answer.timed;
    job.hasPermit ||= withPermit;
  }
  return answer;
}

export function onLost(job: ActiveJob): void {
  job.abort.abort(failure('E_LOCK_LOST', 'Its slot lapsed.'));
}

/** The slot goes to a request of the same key that waits for one here, else back to the fleet. */
export function leaveSlot(context: ConsumerContext, job: ActiveJob): void {
  const { holder } = job;
  job.holder = null;
  if (holder !== null) context.slots.leave(holder);
}

/** Tells the gate when the request really goes out: after the connection, and whatever else took time. */
export function onStartOf(context: ConsumerContext, job: ActiveJob): () => void {
  return () => {
    if (job.holder !== null) context.slots.started(job.holder);
  };
}

/** By the registrable domain, or by the address that the name has (the least of several); '-' where there is none. */
async function serverOf(context: ConsumerContext, job: ActiveJob, url: string): Promise<string> {
  const hostname = hostnameOf(url);
  if (job.loadedCrawl.settings.serverBy === 'domain') return registrableDomain(hostname);
  return (await context.fetcher.addressOf(hostname)) ?? '-';
}
