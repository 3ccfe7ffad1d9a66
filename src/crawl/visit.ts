// Fetching one request: redirects re-enter robots and the gate at every hop, under the limits of the target.
import { randomUUID } from 'node:crypto';
import { type Failure, failure } from '../errors.ts';
import type { FetchResult, Outcome } from '../outcome.ts';
import { limiterKeyOf } from '../url/host.ts';
import { refusal } from './admit.ts';
import { allowListOf, guardedFetch } from './guarded-fetch.ts';
import { askRobots } from './robots-fetch.ts';
import { isTimed, onStartOf, PATIENCE_MS } from './start.ts';
import type { Station, Work } from './station.ts';

/** What the fetch gave, or the outcome that a hop's host made of it. */
export type Visit = { kind: 'fetched'; result: FetchResult } | { kind: 'detour'; outcome: Outcome };

/** Slot and permit are held when this begins; the slot is given back as soon as the answer is there. */
export async function visit(station: Station, work: Work): Promise<Visit> {
  const { request, plan } = work;
  const { settings } = plan;
  let detour: Outcome | null = null;
  const result = await guardedFetch(station, work, {
    url: request.url,
    method: request.extras?.method ?? 'GET',
    headers: headersOf(work),
    body: request.extras?.body ?? null,
    userAgent: settings.userAgent,
    timeouts: request.extras?.timeouts ? { ...plan.timeouts, ...request.extras.timeouts } : plan.timeouts,
    maxBytes: settings.maxBytes,
    maxRedirects: settings.maxRedirects,
    allow: allowListOf(plan),
    signal: work.abort.signal,
    onStart: onStartOf(station, work),
    beforeHop: async (url) => {
      const hop = await enterHop(station, work, url);
      if (hop === null || 'code' in hop) return hop;
      detour = hop;
      return failure('E_RATE_LIMITED');
    },
  });
  return detour ? { kind: 'detour', outcome: detour } : { kind: 'fetched', result };
}

function headersOf(work: Work): Record<string, string> {
  const own = work.request.extras?.headers;
  const shared = work.plan.settings.header;
  if (!own) return shared;
  return {
    ...shared,
    ...Object.fromEntries(Object.entries(own).map(([name, value]) => [name.toLowerCase(), value])),
  };
}

/** Answers null when the hop may be made, with the slot of the target's key held instead of the former one. */
async function enterHop(station: Station, work: Work, url: string): Promise<Failure | Outcome | null> {
  const target = limiterKeyOf(url);
  const moved = target !== work.key;
  if (moved) dropSlot(station, work);
  if (moved || isTimed(work)) {
    const refused = await passGate(station, work, target);
    if (refused) return refused;
  }
  if (work.plan.settings.ignoreRobots) return null;
  const known = station.robots.peek(url);
  const { verdict, fetched } = known
    ? { verdict: known, fetched: false }
    : await askRobots(station, work, url);
  if (verdict.kind === 'refused') return refusal(verdict.failure).failure;
  if (verdict.kind !== 'allowed') return { kind: 'snooze', untilMs: verdict.untilMs };
  // The fetch of robots.txt was a start of its own.
  return fetched && isTimed(work) ? passGate(station, work, target) : null;
}

/** Holds a slot of the key, under the name that the work has now; an outcome when it cannot be had soon. */
async function passGate(station: Station, work: Work, key: string): Promise<Outcome | null> {
  const { crawl, id, plan, holder } = work;
  const request = { crawl, id, key, holder, limits: plan.limits, takeOver: false };
  const answer = await station.slots.acquire(request, PATIENCE_MS, work.abort.signal);
  if (answer.kind === 'later') return { kind: 'snooze', untilMs: Date.now() + answer.afterMs };
  if (answer.kind !== 'go') return { kind: 'done' };
  work.key = key;
  work.holding = true;
  station.slots.hold(holder, key, () => work.abort.abort(failure('E_LOCK_LOST', 'Its slot lapsed.')));
  return null;
}

/** The slot goes to a request of the same key that waits for one here, else back with the feed's next turn; its name goes with it. */
export function dropSlot(station: Station, work: Work): void {
  if (!work.holding) return;
  const { key, holder } = work;
  work.holding = false;
  work.holder = `${work.jobId}/${randomUUID()}`;
  if (station.slots.pass(holder)) return;
  station.slots.drop(holder);
  station.feed.release(key, holder);
}
