// The step fetch: one attempt of one request. Each redirect passes robots.txt and the gate, under the limits
// of its target.
import { allowListOf } from '../../src/crawl/loaded-crawl.ts';
import { type Failure, failure, isFailure } from '../../src/errors.ts';
import { type Conditions, replyTo } from '../../src/fetch/conditions.ts';
import type { RedirectAnswer } from '../../src/fetch/waypoint.ts';
import type { RequestChanges } from '../../src/handlers/define.ts';
import type { FetchResult, Outcome } from '../../src/outcome.ts';
import type { RequestExtras } from '../../src/request.ts';
import { sitemapLimits } from '../../src/sitemap/sitemap.ts';
import { formerAnswerOf } from '../again/former-page.ts';
import type { ActiveJob, ConsumerContext } from '../context.ts';
import { postponeFor } from '../decision.ts';
import { postpone, postponedTooLong, rateLimited } from '../postpone.ts';
import { renderWish } from '../render/wants.ts';
import { sessionOf } from '../session/note-session.ts';
import { sessionParts } from '../session/session-parts.ts';
import { enterHop } from './enter-hop.ts';
import { guardedFetch } from './guarded-fetch.ts';
import { offerOf, settleOffer } from './payment.ts';
import { pauseByRedirect } from './redirect-pause.ts';

/** What the fetch returned. `key`: the limiter key of the last hop. `ageMs`: how long ago the fetch began. */
export interface Fetched {
  kind: 'fetched';
  result: FetchResult;
  /** The conditions of the request had an odd answer: it must be sent without them. */
  isOdd: boolean;
  key: string;
  ageMs: number;
}

/**
 * A slot and a permit are held before and after. `changes`: what a handler changed about the request. Returns
 * an outcome when the host of a hop has no free start now, or when the job was lost.
 */
export async function fetchRequest(
  context: ConsumerContext,
  job: ActiveJob,
  changes: RequestChanges | null = null,
): Promise<Fetched | Outcome> {
  const { request, loadedCrawl, slot } = job;
  const { settings } = loadedCrawl;
  const { cookies, headers, proxies } = sessionParts(context, job);
  const extras = changes === null ? request.extras : withChanges(request.extras, changes);
  const own = extras?.headers;
  const conditions = conditionsOf(job, changes);
  if (job.archive) job.archive.former = conditions && job.former ? formerAnswerOf(job.former) : null;
  const since = performance.now();
  let detour: Outcome | null = null;
  let isSent = false;
  const offer = job.memory.pays ? await offerOf(context, job) : null;
  const result = await guardedFetch(context, job, {
    url: request.url,
    method: methodOf(job, extras),
    // What the user says to the hosts of the crawl is not for other hosts.
    headers: extras?.checkOnly ? {} : own ? { ...headers, ...own } : headers,
    body: extras?.body ?? null,
    userAgent: loadedCrawl.userAgent,
    ...{ signsAs: loadedCrawl.signsAs, offer },
    http2: loadedCrawl.sharesConnections,
    timeouts: extras?.timeouts ? { ...loadedCrawl.timeouts, ...extras.timeouts } : loadedCrawl.timeouts,
    // A sitemap is read up to its limit; the rest is cut off.
    ...sizeLimit(extras, settings.maxBytes),
    ...{ cookies, proxies },
    isShared: context.handlerThreads !== null,
    maxRedirects: settings.maxRedirects,
    allow: allowListOf(loadedCrawl),
    signal: job.abort.signal,
    conditions,
    from: job.memory.hop,
    mayStart: () => {
      // robots.txt, a name look-up or a handshake may have taken time since the gate was asked.
      if (slot.mayStart) return null;
      detour = postponeFor(slot.againMs);
      return failure('E_RATE_LIMITED');
    },
    onStart: () => {
      isSent = true;
      slot.started();
    },
    beforeHop: async (hop, redirect) => {
      const later = await laterByRedirect(context, job, redirect);
      const refused = later ?? (await enterHop(context, job, hop.url));
      if (refused === null || 'code' in refused) return refused;
      detour = refused;
      // The job goes on from this hop; its first URL is not fetched again.
      const { name } = sessionOf(job) ?? {};
      await job.remember(name === undefined ? { hop } : { hop, session: name });
      return failure('E_RATE_LIMITED');
    },
  });
  if (offer) await settleOffer(context, job, { offer, result, isSent });
  return detour ?? fetchedSince(context, job, { result, conditions, since });
}

/**
 * Only a first attempt is conditional: what has failed is asked for in full. So is what a handler changes
 * before it is sent.
 */
function conditionsOf(job: ActiveJob, changes: RequestChanges | null): Conditions | null {
  if (changes !== null || job.attempt > 1 || job.memory.unconditional) return null;
  // That the document is as it was tells nothing of what its scripts make.
  if (renderWish(job) === 'page') return null;
  return job.former?.conditions ?? null;
}

/** Of a link that is only checked, no more of its body is read. */
const CHECK_BYTES = 16 * 1024;

function sizeLimit(extras: RequestExtras | null, maxBytes: number) {
  if (extras?.sitemap) return { maxBytes: sitemapLimits.maxBytes, truncate: true };
  return extras?.checkOnly ? { maxBytes: CHECK_BYTES, truncate: true } : { maxBytes };
}

function methodOf({ memory }: ActiveJob, extras: RequestExtras | null): string {
  return memory.wantsGet ? 'GET' : (extras?.method ?? 'GET');
}

/** The fields of the request, with what a handler changed before it is sent. */
function withChanges(extras: RequestExtras | null, { headers, ...changes }: RequestChanges): RequestExtras {
  return { ...extras, ...changes, ...(headers ? { headers: { ...extras?.headers, ...headers } } : {}) };
}

/** `since`: when the fetch began, by performance.now(). */
function fetchedSince(
  context: ConsumerContext,
  job: ActiveJob,
  { result, conditions, since }: { result: FetchResult; conditions: Conditions | null; since: number },
): Fetched | Outcome {
  const ageMs = performance.now() - since;
  const { key } = job.slot;
  context.hostTimes.note(job.crawl, key, ageMs);
  if (job.abort.signal.aborted) return { kind: 'lost', failure: lossOf(job) };
  job.trace.result = result;
  job.trace.fetchedAt = performance.timeOrigin + since + ageMs;
  const reply = result.ok ? replyTo(conditions, result.answer) : null;
  if (result.ok && reply === 'not-modified') result.answer.notModified = true;
  return { kind: 'fetched', result, isOdd: reply === 'odd', key, ageMs };
}

export function lossOf(job: ActiveJob): Failure {
  const reason: unknown = job.abort.signal.reason;
  return isFailure(reason) ? reason : failure('E_LOCK_LOST');
}

/**
 * A redirect with Retry-After (RFC 9110 section 10.2.3) is followed after that time, and its host is paused
 * for it. Returns null when the hop may go on now.
 */
async function laterByRedirect(
  context: ConsumerContext,
  job: ActiveJob,
  redirect: RedirectAnswer | null,
): Promise<Failure | Outcome | null> {
  const pause = pauseByRedirect(context, job, job.slot.key, redirect);
  if (!redirect || pause === null) return null;
  job.slot.pass();
  const later = await postpone(context, job, { pause, why: rateLimited(redirect.status) });
  return later ?? postponedTooLong(redirect.status);
}
