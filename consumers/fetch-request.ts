// Fetching one request: redirects re-enter robots and the gate at every hop, under the limits of the target.
import { type Failure, failure } from '../src/errors.ts';
import type { RedirectAnswer } from '../src/fetch/client.ts';
import { parseRetryAfter } from '../src/fetch/retry-after.ts';
import type { FetchResult, Outcome } from '../src/outcome.ts';
import { sitemapLimits } from '../src/sitemap/sitemap.ts';
import { limiterKeyOf } from '../src/url/host.ts';
import { refusal } from './admit.ts';
import type { ActiveJob, ConsumerContext } from './context.ts';
import { askRobots, obeyCrawlDelay } from './fetch-robots.ts';
import { allowListOf, guardedFetch } from './guarded-fetch.ts';
import { postpone } from './postpone.ts';
import { askStart, isTimed, leaveSlot, mayStart, onStartOf, postponeFor } from './slot-of-job.ts';

const AGAIN_MS = 50;

/** What the fetch gave, or the outcome that a hop's host made of it. */
export type Visit = { kind: 'fetched'; result: FetchResult } | { kind: 'detour'; outcome: Outcome };

/** Slot and permit are held when this begins; the slot is given back as soon as the answer is there. */
export async function visit(context: ConsumerContext, job: ActiveJob): Promise<Visit> {
  const { request, loadedCrawl } = job;
  const { settings } = loadedCrawl;
  let detour: Outcome | null = null;
  const result = await guardedFetch(context, job, {
    url: request.url,
    method: request.extras?.method ?? 'GET',
    headers: headersOf(job),
    body: request.extras?.body ?? null,
    userAgent: settings.userAgent,
    timeouts: request.extras?.timeouts
      ? { ...loadedCrawl.timeouts, ...request.extras.timeouts }
      : loadedCrawl.timeouts,
    // Of a sitemap, what is within its limit is read.
    ...(request.extras?.sitemap
      ? { maxBytes: sitemapLimits.maxBytes, truncate: true }
      : { maxBytes: settings.maxBytes }),
    maxRedirects: settings.maxRedirects,
    allow: allowListOf(loadedCrawl),
    signal: job.abort.signal,
    from: job.memory.hop,
    mayStart: () => {
      // Robots.txt, a look-up or a handshake may have taken some time since the gate was asked.
      if (mayStart(context, job)) return null;
      detour = postponeFor(Math.max(context.slots.keyEvents.pausedFor(job.key), AGAIN_MS));
      return failure('E_RATE_LIMITED');
    },
    onStart: onStartOf(context, job),
    beforeHop: async (hop, redirect) => {
      const later = await laterByRedirect(context, job, redirect);
      const refused = later ?? (await enterHop(context, job, hop.url));
      if (refused === null || 'code' in refused) return refused;
      detour = refused;
      // It goes on from here: its first URL is not asked again.
      await job.remember({ hop });
      return failure('E_RATE_LIMITED');
    },
  });
  return detour ? { kind: 'detour', outcome: detour } : { kind: 'fetched', result };
}

function headersOf(job: ActiveJob): Record<string, string> {
  const own = job.request.extras?.headers;
  const shared = job.loadedCrawl.settings.header;
  if (!own) return shared;
  return {
    ...shared,
    ...Object.fromEntries(Object.entries(own).map(([name, value]) => [name.toLowerCase(), value])),
  };
}

/** A redirect with Retry-After (RFC 9110 section 10.2.3) is followed after that time, for which its host is paused. Answers null to go on. */
async function laterByRedirect(
  context: ConsumerContext,
  job: ActiveJob,
  redirect: RedirectAnswer | null,
): Promise<Failure | Outcome | null> {
  const afterMs = redirect && parseRetryAfter(redirect.retryAfter, Date.now());
  if (!redirect || afterMs === null) return null;
  const refusal = {
    ...{ named: { afterMs, by: 'retry-after' } as const, ageMs: 0 },
    longestMs: job.loadedCrawl.settings.maxPause,
  };
  const pause = context.backoff.refused(job.key, refusal);
  leaveSlot(context, job);
  return (await postpone(context, job, { pause, status: redirect.status })) ?? failure('E_RATE_LIMITED');
}

/** Answers null when the hop may be made, with the slot of the target's key held instead of the former one. */
async function enterHop(
  context: ConsumerContext,
  job: ActiveJob,
  url: string,
): Promise<Failure | Outcome | null> {
  const target = limiterKeyOf(url);
  await context.loadedCrawls.knowSeedHost(job.loadedCrawl, url);
  if (target !== job.key || isTimed(context, job) || !mayStart(context, job)) {
    const refused = await passGate(context, job, target, url);
    if (refused) return refused;
  }
  if (job.loadedCrawl.settings.ignoreRobots) return null;
  const known = context.robots.peek(url);
  const { verdict, fetched } = known
    ? { verdict: known, fetched: false }
    : await askRobots(context, job, url);
  if (verdict.kind === 'refused') return refusal(verdict.failure).failure;
  if (verdict.kind !== 'allowed') return { kind: 'postponed', untilMs: verdict.untilMs };
  const slowed = await obeyCrawlDelay(context, job, url);
  // The fetch of robots.txt was a start of its own.
  const isStart = (fetched || slowed) && isTimed(context, job);
  return isStart || !mayStart(context, job) ? passGate(context, job, target, url) : null;
}

/** Holds a slot of the key; an outcome when it cannot be had soon. */
async function passGate(
  context: ConsumerContext,
  job: ActiveJob,
  key: string,
  url: string,
): Promise<Outcome | null> {
  const answer = await askStart(context, job, { key, url, claims: false, withPermit: false });
  if (answer.kind === 'later') return postponeFor(answer.afterMs);
  return answer.kind === 'go' ? null : { kind: 'done' };
}
