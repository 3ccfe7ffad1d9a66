// Fetching robots.txt for the robots cache: by the same client, under the slot that the asking request holds.
import { type Failure, failure } from '../../src/errors.ts';
import type { RedirectAnswer } from '../../src/fetch/client.ts';
import { namedTimeOf } from '../../src/fetch/named-time.ts';
import { parseRetryAfter } from '../../src/fetch/retry-after.ts';
import { challengeOf } from '../../src/fetch/stand-ins.ts';
import { gathered } from '../../src/metrics.ts';
import type { Answer } from '../../src/outcome.ts';
import { LEAST_POSTPONED_MS } from '../../src/politeness/backoff.ts';
import type { RobotsFetch, RobotsVerdict } from '../../src/robots/robots.ts';
import { limiterKeyOf } from '../../src/url/host.ts';
import type { ActiveJob, ConsumerContext } from '../context.ts';
import { type HeldSlot, PATIENCE_MS } from '../slot/held-slot.ts';
import { allowListOf, guardedFetch } from './guarded-fetch.ts';

/** RFC 9309 §2.5: at least 500 KiB are to be parsed; what comes after is not read. */
const MAX_BYTES = 500 * 1024;
/** RFC 9309 §2.3.1.2: at least five. */
const MAX_REDIRECTS = 5;
/** A redirect of robots.txt waits for its start as long as the longest Crawl-delay that is likely: it cannot go on later from where it was. */
const HOP_PATIENCE_MS = 90_000;

/** RFC 9309 §2.3.1.2: after too many redirects, the file may be taken for unavailable. */
const NO_ROBOTS: RobotsFetch = { kind: 'answer', status: 404, text: '' };

/** `fetched`: whether this call fetched it, which was a start at the host. */
export async function askRobots(
  context: ConsumerContext,
  job: ActiveJob,
  url: string,
): Promise<{ verdict: RobotsVerdict; fetched: boolean }> {
  let fetched = false;
  try {
    const verdict = await context.robots.check(url, (robotsUrl) => {
      fetched = true;
      return countedFetch(context, job, robotsUrl);
    });
    return { verdict, fetched };
  } catch (error) {
    if (!(error instanceof Forbidden)) throw error;
    return { verdict: { kind: 'refused', failure: error.failure }, fetched };
  }
}

/** The guard of this crawl forbids the address: that says nothing of the host's robots.txt, and nothing to other crawls. */
class Forbidden extends Error {
  readonly failure: Failure;
  constructor(reason: Failure) {
    super(reason.message);
    this.failure = reason;
  }
}

/** The redirects of a robots.txt pass the gate of their hosts too, each with a slot of its own until all has come. */
class RobotsHops {
  readonly #context: ConsumerContext;
  readonly #job: ActiveJob;
  readonly #borrowed = new Map<string, HeldSlot>();
  /** Under which the present hop goes. */
  #slot: HeldSlot;
  #laterMs: number | null = null;

  constructor(context: ConsumerContext, job: ActiveJob) {
    this.#context = context;
    this.#job = job;
    this.#slot = job.slot;
  }

  /** How long until it may be asked again, where a hop could not start; null if all could. */
  get laterMs(): number | null {
    return this.#laterMs;
  }

  /** Whose slot the last hop had. */
  get key(): string {
    return this.#slot.key;
  }

  mayStart(): Failure | null {
    if (this.#slot.mayStart) return null;
    this.#laterMs = this.#slot.againMs;
    return failure('E_RATE_LIMITED');
  }

  async enter(url: string, redirect: RedirectAnswer | null): Promise<Failure | null> {
    await this.#obeyRedirect(redirect);
    const { slot: own, loadedCrawl } = this.#job;
    await this.#context.loadedCrawls.knowSeedHost(loadedCrawl, url);
    const key = limiterKeyOf(url);
    const slot = this.#slotFor(key);
    this.#slot = slot;
    if (slot.mayStart && !slot.isTimed) return null;
    // A wait for the next start keeps nobody else from fetching.
    own.givePermit();
    const start = { key, url, claims: false, withPermit: false, patienceMs: HOP_PATIENCE_MS };
    const answer = await slot.ask(start);
    await own.takePermit(HOP_PATIENCE_MS);
    if (answer.kind === 'go' && slot.mayStart) return null;
    this.#laterMs = answer.kind === 'later' ? answer.afterMs : PATIENCE_MS;
    return failure('E_RATE_LIMITED');
  }

  /** Its host is paused for the time that it names; where it leads to another host, that one is asked at once. */
  async #obeyRedirect(redirect: RedirectAnswer | null): Promise<void> {
    const afterMs = redirect && parseRetryAfter(redirect.retryAfter, Date.now());
    if (afterMs === null) return;
    const longestMs = this.#job.loadedCrawl.settings.maxPause;
    const refusal = { named: { afterMs, by: 'retry-after' } as const, ageMs: 0, longestMs };
    await this.#context.backoff.refused(this.#slot.key, refusal);
  }

  started(): void {
    this.#slot.started();
  }

  end(): void {
    for (const slot of this.#borrowed.values()) slot.release();
  }

  /** The request's own slot, or one that is borrowed for that key. */
  #slotFor(key: string): HeldSlot {
    const { slot } = this.#job;
    if (key === slot.key) return slot;
    const borrowed = this.#borrowed.get(key) ?? slot.another(key);
    this.#borrowed.set(key, borrowed);
    return borrowed;
  }
}

/** The Crawl-delay that the URL's robots.txt asks for is told to the fleet; answers whether there is one. */
export async function obeyCrawlDelay(
  context: ConsumerContext,
  job: ActiveJob,
  url: string,
): Promise<boolean> {
  const asked = context.robots.rulesFor(url)?.crawlDelayMs ?? 0;
  const delayMs = Math.min(asked, job.loadedCrawl.settings.maxCrawlDelay);
  await context.crawlDelays.note(job.slot.key, delayMs);
  return delayMs > 0 && !job.slot.timed;
}

async function countedFetch(
  context: ConsumerContext,
  job: ActiveJob,
  robotsUrl: string,
): Promise<RobotsFetch> {
  const fetched = await fetchRobots(context, job, robotsUrl).catch((error: unknown) => {
    if (error instanceof Forbidden) context.meters.count(gathered.robots, 'forbidden');
    throw error;
  });
  context.meters.count(gathered.robots, fetched.kind);
  return fetched;
}

async function fetchRobots(
  context: ConsumerContext,
  job: ActiveJob,
  robotsUrl: string,
): Promise<RobotsFetch> {
  const { loadedCrawl } = job;
  // Waiting for another's fetch takes time in which its answer may have paused the host.
  const pausedMs = context.slots.keyEvents.pausedFor(job.slot.key);
  if (pausedMs > 0) return { kind: 'later', untilMs: Date.now() + pausedMs };
  const hops = new RobotsHops(context, job);
  const result = await guardedFetch(context, job, {
    url: robotsUrl,
    method: 'GET',
    headers: {},
    body: null,
    userAgent: loadedCrawl.settings.userAgent,
    timeouts: loadedCrawl.timeouts,
    maxBytes: MAX_BYTES,
    truncate: true,
    maxRedirects: MAX_REDIRECTS,
    allow: allowListOf(loadedCrawl),
    signal: job.abort.signal,
    onStart: () => hops.started(),
    beforeHop: ({ url }, redirect) => hops.enter(url, redirect),
    mayStart: () => hops.mayStart(),
  }).finally(() => hops.end());
  // What ended because of us says nothing of the host.
  if (job.abort.signal.aborted) return { kind: 'later', untilMs: Date.now() };
  if (hops.laterMs !== null) return { kind: 'later', untilMs: Date.now() + hops.laterMs };
  if (!result.ok && result.failure.code === 'E_SSRF') throw new Forbidden(result.failure);
  if (!result.ok && result.failure.code === 'E_REDIRECT_LOOP') return NO_ROBOTS;
  if (!result.ok) return { kind: 'unreachable', cause: result.failure };
  return readAnswer(context, job, { answer: result.answer, key: hops.key });
}

/** An answer that says when to come again, or refuses, says nothing of the rules: its host pauses, and it is asked again then. */
async function readAnswer(
  context: ConsumerContext,
  job: ActiveJob,
  { answer, key }: { answer: Answer; key: string },
): Promise<RobotsFetch> {
  const { status, body, timings } = answer;
  const fetched: RobotsFetch = { kind: 'answer', status, text: new TextDecoder().decode(body) };
  const challenge = challengeOf(answer);
  // A challenge says nothing of the rules either, whatever its status: taken for 4xx it would allow all (RFC 9309 section 2.3.1.3),
  // taken for 2xx its page would be read as rules. So they are unknown. A price or a licence is the site's own 4xx.
  if (challenge) return { kind: 'unreachable', cause: challenge };
  if (status >= 200 && status < 300) return fetched;
  const named = namedTimeOf(answer, Date.now());
  if (named === null && status !== 429) return fetched;
  const { maxPause, maxPostponed } = job.loadedCrawl.settings;
  const refusal = { named, ageMs: timings.total ?? 0, longestMs: maxPause };
  const { pausedMs, refusedForMs } = await context.backoff.refused(key, refusal);
  if (refusedForMs + pausedMs <= maxPostponed)
    return { kind: 'later', untilMs: Date.now() + Math.max(pausedMs, LEAST_POSTPONED_MS) };
  if (status !== 429) return fetched;
  return { kind: 'unreachable', cause: failure('E_RATE_LIMITED', `Status ${status}.`) };
}
