// Fetching one request: redirects re-enter robots and the gate at every hop, under the limits of the target.
import { type Failure, failure } from '../errors.ts';
import type { FetchResult, Outcome } from '../outcome.ts';
import { sitemapLimits } from '../page/sitemap.ts';
import { limiterKeyOf } from '../url/host.ts';
import { refusal } from './admit.ts';
import { allowListOf, guardedFetch } from './guarded-fetch.ts';
import { askRobots, obeyCrawlDelay } from './robots-fetch.ts';
import { askStart, isTimed, onStartOf, snoozeFor } from './start.ts';
import type { Station, Work } from './station.ts';

/** What the fetch gave, or the outcome that a hop's host made of it. */
export type Visit = { kind: 'fetched'; result: FetchResult } | { kind: 'detour'; outcome: Outcome };

/** Slot and permit are held when this begins; the slot is given back as soon as the answer is there. */
export async function visit(station: Station, work: Work): Promise<Visit> {
  const { request, plan } = work;
  const { settings } = plan;
  // What had to be waited for since the gate was asked, such as robots.txt, may have taken some time.
  const pausedMs = station.slots.news.pausedFor(work.key);
  if (pausedMs > 0) return { kind: 'detour', outcome: snoozeFor(pausedMs) };
  let detour: Outcome | null = null;
  const result = await guardedFetch(station, work, {
    url: request.url,
    method: request.extras?.method ?? 'GET',
    headers: headersOf(work),
    body: request.extras?.body ?? null,
    userAgent: settings.userAgent,
    timeouts: request.extras?.timeouts ? { ...plan.timeouts, ...request.extras.timeouts } : plan.timeouts,
    // Of a sitemap, what is within its limit is read.
    ...(request.extras?.sitemap
      ? { maxBytes: sitemapLimits.maxBytes, truncate: true }
      : { maxBytes: settings.maxBytes }),
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
  if (target !== work.key || isTimed(station, work)) {
    const refused = await passGate(station, work, target, url);
    if (refused) return refused;
  }
  if (work.plan.settings.ignoreRobots) return null;
  const known = station.robots.peek(url);
  const { verdict, fetched } = known
    ? { verdict: known, fetched: false }
    : await askRobots(station, work, url);
  if (verdict.kind === 'refused') return refusal(verdict.failure).failure;
  if (verdict.kind !== 'allowed') return { kind: 'snooze', untilMs: verdict.untilMs };
  const slowed = await obeyCrawlDelay(station, work, url);
  // The fetch of robots.txt was a start of its own.
  const isLate = station.slots.news.pausedFor(target) > 0;
  return isLate || ((fetched || slowed) && isTimed(station, work))
    ? passGate(station, work, target, url)
    : null;
}

/** Holds a slot of the key; an outcome when it cannot be had soon. */
async function passGate(station: Station, work: Work, key: string, url: string): Promise<Outcome | null> {
  const answer = await askStart(station, work, { key, url, takeOver: false, withPermit: false });
  if (answer.kind === 'later') return snoozeFor(answer.afterMs);
  return answer.kind === 'go' ? null : { kind: 'done' };
}
