// Starts of one job: asking the gate for each, giving its slot back.
import { failure } from '../src/errors.ts';
import type { SlotAnswer } from '../src/politeness/slot.ts';
import { hostnameOf, registrableDomain } from '../src/url/host.ts';
import type { Station, Work } from './context.ts';

/** Waits up to this long are slept with the job in hand; longer ones snooze it. */
export const PATIENCE_MS = 1000;
/** A job that this process has no place for goes back so shortly that any other may take it. */
export const ELSEWHERE_MS = 50;
/** Nothing sleeps longer than this in the queue before it asks again: what an operator changes is seen by then. */
const LONGEST_SNOOZE_MS = 30_000;

export function snoozeFor(afterMs: number): { kind: 'snooze'; untilMs: number } {
  return { kind: 'snooze', untilMs: Date.now() + Math.min(afterMs, LONGEST_SNOOZE_MS) };
}

/** Whether the next start at the held key must be asked for. */
export function isTimed(station: Station, work: Work): boolean {
  return work.timed || station.slots.news.isTimed(work.key);
}

/** Whether a start may be made now without asking: nothing has come in between since the gate was asked. */
export function mayStart(station: Station, work: Work): boolean {
  const { holder, key } = work;
  return holder !== null && station.slots.news.pausedFor(key) === 0 && station.slots.isFresh(holder);
}

export function givePermit(station: Station, work: Work): void {
  if (work.hasPermit) station.permits.give();
  work.hasPermit = false;
}

/** What to ask for: the slot of `key`, for a fetch of `url`. The slot that is held now goes with the question, if it is of that key. */
export interface StartRequest {
  key: string;
  url: string;
  /** The request itself starts, perhaps not for the first time: not robots.txt, nor a hop. */
  takeOver: boolean;
  withPermit: boolean;
  /** The request was handed out ahead of its slot, and this is its own start. */
  ahead?: boolean;
  /** Default PATIENCE_MS. */
  patienceMs?: number;
}

/** Asks the gate; on 'go' the work holds the slot. In any other case it holds none any more. */
export async function askStart(station: Station, work: Work, start: StartRequest): Promise<SlotAnswer> {
  const { key, url, takeOver, withPermit, ahead = false, patienceMs = PATIENCE_MS } = start;
  if (work.holder !== null && work.key !== key) leaveSlot(station, work);
  const holder = work.holder ?? undefined;
  work.holder = null;
  const answer = await station.slots.acquire(
    {
      crawl: work.crawl,
      id: work.id,
      key,
      takeOver,
      ahead: ahead && holder === undefined,
      asker: work.jobId,
      serverOf: () => serverOf(station, work, url),
      onLost: () => onLost(work),
      ...(holder === undefined ? {} : { holder }),
    },
    {
      patienceMs,
      signal: work.abort.signal,
      ...(withPermit ? { permit: station.permits } : {}),
    },
  );
  if (answer.kind === 'go') {
    work.key = key;
    work.holder = answer.holder;
    work.timed = answer.timed;
    work.hasPermit ||= withPermit;
  }
  return answer;
}

export function onLost(work: Work): void {
  work.abort.abort(failure('E_LOCK_LOST', 'Its slot lapsed.'));
}

/** The slot goes to a request of the same key that waits for one here, else back to the fleet. */
export function leaveSlot(station: Station, work: Work): void {
  const { holder } = work;
  work.holder = null;
  if (holder !== null) station.slots.leave(holder);
}

/** Tells the gate when the request really goes out: after the connection, and whatever else took time. */
export function onStartOf(station: Station, work: Work): () => void {
  return () => {
    if (work.holder !== null) station.slots.started(work.holder);
  };
}

/** By the registrable domain, or by the address that the name has (the least of several); '-' where there is none. */
async function serverOf(station: Station, work: Work, url: string): Promise<string> {
  const hostname = hostnameOf(url);
  if (work.plan.settings.serverBy === 'domain') return registrableDomain(hostname);
  return (await station.fetcher.addressOf(hostname)) ?? '-';
}
