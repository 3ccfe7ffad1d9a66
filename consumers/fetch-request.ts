// Fetching one request: redirects re-enter robots and the gate at every hop, under the limits of the target.
import { type Failure, failure } from '../src/errors.ts';
import type { FetchResult, Outcome } from '../src/outcome.ts';
import { sitemapLimits } from '../src/sitemap/sitemap.ts';
import { limiterKeyOf } from '../src/url/host.ts';
import { refusal } from './admit.ts';
import type { Station, Work } from './context.ts';
import { askRobots, obeyCrawlDelay } from './fetch-robots.ts';
import { allowListOf, guardedFetch } from './guarded-fetch.ts';
import { askStart, isTimed, mayStart, onStartOf, snoozeFor } from './slot-of-job.ts';

const AGAIN_MS = 50;

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
    // Of a sitemap, what is within its limit is read.
    ...(request.extras?.sitemap
      ? { maxBytes: sitemapLimits.maxBytes, truncate: true }
      : { maxBytes: settings.maxBytes }),
    maxRedirects: settings.maxRedirects,
    allow: allowListOf(plan),
    signal: work.abort.signal,
    from: work.memory.hop,
    mayStart: () => {
      // Robots.txt, a look-up or a handshake may have taken some time since the gate was asked.
      if (mayStart(station, work)) return null;
      detour = snoozeFor(Math.max(station.slots.news.pausedFor(work.key), AGAIN_MS));
      return failure('E_RATE_LIMITED');
    },
    onStart: onStartOf(station, work),
    beforeHop: async (hop) => {
      const refused = await enterHop(station, work, hop.url);
      if (refused === null || 'code' in refused) return refused;
      detour = refused;
      // It goes on from here: its first URL is not asked again.
      await work.remember({ hop });
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
  await station.plans.knowSeedHost(work.plan, url);
  if (target !== work.key || isTimed(station, work) || !mayStart(station, work)) {
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
  const isStart = (fetched || slowed) && isTimed(station, work);
  return isStart || !mayStart(station, work) ? passGate(station, work, target, url) : null;
}

/** Holds a slot of the key; an outcome when it cannot be had soon. */
async function passGate(station: Station, work: Work, key: string, url: string): Promise<Outcome | null> {
  const answer = await askStart(station, work, { key, url, takeOver: false, withPermit: false });
  if (answer.kind === 'later') return snoozeFor(answer.afterMs);
  return answer.kind === 'go' ? null : { kind: 'done' };
}
