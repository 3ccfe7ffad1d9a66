// Fetches robots.txt for the robots cache: with the same client, under the slot of the request that asks.
import { allowListOf } from '../../src/crawl/loaded-crawl.ts';
import { type Failure, failure } from '../../src/errors.ts';
import type { FetchRequest } from '../../src/fetch/client.ts';
import { isRefusal, namedTimeOf } from '../../src/fetch/named-time.ts';
import { challengeOf } from '../../src/fetch/stand-ins.ts';
import type { RedirectAnswer } from '../../src/fetch/waypoint.ts';
import { gathered } from '../../src/metrics.ts';
import type { Answer } from '../../src/outcome.ts';
import { LEAST_POSTPONED_MS } from '../../src/politeness/backoff.ts';
import type { RobotsFetch, RobotsVerdict } from '../../src/robots/robots.ts';
import { limiterKeyOf } from '../../src/url/host.ts';
import type { ActiveFetch, ConsumerContext } from '../context.ts';
import { postponedTooLong } from '../postpone.ts';
import { type HeldSlot, PATIENCE_MS } from '../slot/held-slot.ts';
import { waitInRoom } from '../slot/waiting-room.ts';
import { guardedFetch } from './guarded-fetch.ts';
import { pauseByRedirect } from './redirect-pause.ts';

/** RFC 9309 section 2.5: at least 500 KiB must be parsed. What comes after is not read. */
const MAX_BYTES = 500 * 1024;
/** RFC 9309 section 2.3.1.2: at least five must be followed. */
const MAX_REDIRECTS = 5;
/**
 * A redirect of robots.txt waits this long for its start, because it cannot be resumed later. This is longer
 * than most Crawl-delays.
 */
const HOP_PATIENCE_MS = 90_000;

/** RFC 9309 section 2.3.1.2: after too many redirects, the file may count as unavailable. */
const NO_ROBOTS: RobotsFetch = { kind: 'answer', status: 404, body: new Uint8Array() };
/** Statuses that say that there is no file, whatever is in the body. */
const saysGone = new Set([404, 410]);

/** `fetched`: whether this call fetched the file, which counts as a start at the host. */
export async function askRobots(
  context: ConsumerContext,
  fetch: ActiveFetch,
  url: string,
): Promise<{ verdict: RobotsVerdict; fetched: boolean }> {
  let fetched = false;
  try {
    const waits = context.robots.isBeingFound(url);
    const asking = context.robots.check(url, (robotsUrl) => {
      fetched = true;
      return countedFetch(context, fetch, robotsUrl);
    });
    const verdict = waits ? await waitInRoom(context.waitingRoom, fetch.slot, asking) : await asking;
    return { verdict, fetched };
  } catch (error) {
    if (!(error instanceof Forbidden)) throw error;
    return { verdict: { kind: 'refused', failure: error.failure }, fetched };
  }
}

/**
 * The guard of this crawl forbids the address, or no proxy of this process leads there. That tells nothing
 * about the robots.txt of the host, and nothing to other crawls and consumers.
 */
class Forbidden extends Error {
  readonly failure: Failure;
  constructor(reason: Failure) {
    super(reason.message);
    this.failure = reason;
  }
}

/**
 * The redirects of a robots.txt pass the gates of their hosts too. Each key has its own slot until the whole
 * answer is there.
 */
class RobotsHops {
  readonly #context: ConsumerContext;
  readonly #fetch: ActiveFetch;
  readonly #borrowed = new Map<string, HeldSlot>();
  /** The slot of the present hop. */
  #slot: HeldSlot;
  #laterMs: number | null = null;
  #setsCookies = false;

  constructor(context: ConsumerContext, fetch: ActiveFetch) {
    this.#context = context;
    this.#fetch = fetch;
    this.#slot = fetch.slot;
  }

  /**
   * When a hop could not start: how long until the next try, in milliseconds. Null if all hops could start.
   */
  get laterMs(): number | null {
    return this.#laterMs;
  }

  /** Whether a redirect has set a cookie: what stands before the file may then be a wall. */
  get setsCookies(): boolean {
    return this.#setsCookies;
  }

  /** The limiter key of the last hop. */
  get key(): string {
    return this.#slot.key;
  }

  mayStart(): Failure | null {
    if (this.#slot.mayStart) return null;
    this.#laterMs = this.#slot.againMs;
    return failure('E_RATE_LIMITED');
  }

  async enter(url: string, redirect: RedirectAnswer | null): Promise<Failure | null> {
    if (redirect && redirect.setCookie.length > 0) this.#setsCookies = true;
    const refusal = await this.#obeyRedirect(redirect);
    if (refusal) return refusal;
    const { slot: own, loadedCrawl } = this.#fetch;
    await this.#context.loadedCrawls.knowSeedHost(loadedCrawl, url);
    const key = limiterKeyOf(url);
    const slot = this.#slotFor(key);
    this.#slot = slot;
    if (slot.mayStart && !slot.isTimed) return null;
    // Others may fetch while this job waits for its start.
    own.givePermit();
    const start = { key, url, claims: false, withPermit: false, patienceMs: HOP_PATIENCE_MS };
    const answer = await slot.ask(start);
    const hasPermit = await own.takePermit(HOP_PATIENCE_MS);
    if (hasPermit && answer.kind === 'go' && slot.mayStart) return null;
    this.#laterMs = answer.kind === 'later' ? answer.afterMs : PATIENCE_MS;
    return failure('E_RATE_LIMITED');
  }

  /**
   * Pauses the host of the redirect for the time that it names. If the redirect leads to another host, that
   * host is asked at once. Returns a failure when the host has been asking for time too long in all.
   */
  async #obeyRedirect(redirect: RedirectAnswer | null): Promise<Failure | null> {
    const pause = pauseByRedirect(this.#context, this.#fetch, this.#slot.key, redirect);
    if (pause === null) return null;
    const { maxPostponed } = this.#fetch.loadedCrawl.settings;
    const { pausedMs, refusedForMs } = await pause;
    return redirect && refusedForMs + pausedMs > maxPostponed ? postponedTooLong(redirect.status) : null;
  }

  started(): void {
    this.#slot.started();
  }

  end(): void {
    for (const slot of this.#borrowed.values()) slot.release();
  }

  /** The request's own slot, or one borrowed for that key. */
  #slotFor(key: string): HeldSlot {
    const { slot } = this.#fetch;
    if (key === slot.key) return slot;
    const borrowed = this.#borrowed.get(key) ?? slot.another(key);
    this.#borrowed.set(key, borrowed);
    return borrowed;
  }
}

/**
 * Tells the fleet the Crawl-delay of the URL's robots.txt. Returns true when there is one and the slot was
 * given without a clock.
 */
export async function obeyCrawlDelay(
  context: ConsumerContext,
  fetch: ActiveFetch,
  url: string,
): Promise<boolean> {
  const asked = context.robots.rulesFor(url)?.crawlDelayMs ?? 0;
  const delayMs = Math.min(asked, fetch.loadedCrawl.settings.maxCrawlDelay);
  await context.crawlDelays.note(fetch.slot.key, delayMs);
  return delayMs > 0 && !fetch.slot.timed;
}

async function countedFetch(
  context: ConsumerContext,
  fetch: ActiveFetch,
  robotsUrl: string,
): Promise<RobotsFetch> {
  const fetched = await fetchRobots(context, fetch, robotsUrl).catch((error: unknown) => {
    if (error instanceof Forbidden)
      context.meters.count(gathered.robots, error.failure.layer === 'proxy' ? 'unreachable' : 'forbidden');
    throw error;
  });
  context.meters.count(gathered.robots, fetched.kind);
  return fetched;
}

async function fetchRobots(
  context: ConsumerContext,
  fetch: ActiveFetch,
  robotsUrl: string,
): Promise<RobotsFetch> {
  const { loadedCrawl } = fetch;
  // The host may have been paused while this job waited for another fetch of the same file.
  const pausedMs = context.slots.keyEvents.pausedFor(fetch.slot.key);
  if (pausedMs > 0) return { kind: 'later', untilMs: Date.now() + pausedMs };
  const hops = new RobotsHops(context, fetch);
  const wanted: FetchRequest = {
    url: robotsUrl,
    method: 'GET',
    headers: {},
    body: null,
    userAgent: loadedCrawl.userAgent,
    signsAs: loadedCrawl.signsAs,
    http2: loadedCrawl.sharesConnections,
    timeouts: loadedCrawl.timeouts,
    maxBytes: MAX_BYTES,
    truncate: true,
    maxRedirects: MAX_REDIRECTS,
    allow: allowListOf(loadedCrawl),
    signal: fetch.abort.signal,
    onStart: () => hops.started(),
    beforeHop: ({ url }, redirect) => hops.enter(url, redirect),
    mayStart: () => hops.mayStart(),
  };
  const result = await guardedFetch(context, fetch, wanted, 'robots').finally(() => hops.end());
  // The fleet remembers the rules, and so does not fetch the file again.
  await fetch.archive?.written();
  // An end that we caused tells nothing about the host.
  if (fetch.abort.signal.aborted) return { kind: 'later', untilMs: Date.now() };
  if (hops.laterMs !== null) return { kind: 'later', untilMs: Date.now() + hops.laterMs };
  if (!result.ok && (result.failure.code === 'E_SSRF' || result.failure.layer === 'proxy'))
    throw new Forbidden(result.failure);
  // A wall that does not let us through is not the site's word on its rules.
  if (!result.ok && result.failure.code === 'E_REDIRECT_LOOP' && !hops.setsCookies) return NO_ROBOTS;
  if (!result.ok && saysGone.has(result.came?.status ?? 0)) return NO_ROBOTS;
  if (!result.ok) return { kind: 'unreachable', cause: result.failure };
  return readAnswer(context, fetch, { answer: result.answer, key: hops.key });
}

/**
 * An answer that names a time or refuses tells nothing about the rules. Its host is paused, and is asked
 * again afterwards.
 */
async function readAnswer(
  context: ConsumerContext,
  fetch: ActiveFetch,
  { answer, key }: { answer: Answer; key: string },
): Promise<RobotsFetch> {
  const { status, body, timings } = answer;
  const fetched: RobotsFetch = { kind: 'answer', status, body };
  const challenge = challengeOf(answer);
  // A challenge says nothing of the rules either, whatever its status: taken for 4xx it would allow all (RFC
  // 9309 section 2.3.1.3), taken for 2xx its page would be read as rules. So they are unknown. A price or a
  // licence is the site's own 4xx.
  if (challenge) return { kind: 'unreachable', cause: challenge };
  const named = namedTimeOf(answer, Date.now());
  if (!isRefusal(answer, named)) return fetched;
  const { maxPause, maxPostponed } = fetch.loadedCrawl.settings;
  const refusal = { named, ageMs: timings.total ?? 0, longestMs: maxPause };
  const { pausedMs, refusedForMs } = await context.backoff.refused(key, refusal);
  if (refusedForMs + pausedMs <= maxPostponed)
    return { kind: 'later', untilMs: Date.now() + Math.max(pausedMs, LEAST_POSTPONED_MS) };
  if (status !== 429) return fetched;
  return { kind: 'unreachable', cause: postponedTooLong(status) };
}
