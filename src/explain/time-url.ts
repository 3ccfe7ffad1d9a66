// Sends one request, or a few one after the other, and measures their phases. Nothing is stored.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Settings } from '../config/settings.ts';
import { SingleFetch } from '../crawl/single-fetch.ts';
import { type Failure, type ShownFailure, shownFailure } from '../errors.ts';
import { classify } from '../fetch/classify.ts';
import type { HopTrace } from '../fetch/trace.ts';
import type { Fleet } from '../fleet.ts';
import { type LoneSlot, takeLoneSlot } from '../frontier/lone-slot.ts';
import type { Verdict } from '../outcome.ts';
import { adviceOn } from '../queue/dead-letters.ts';
import { redacted } from '../redact.ts';
import { limiterKeyOf } from '../url/host.ts';
import { type Waterfall, waterfallOf } from './waterfall.ts';

/** Added to the request's limit: what a slot needs beside it. */
const LEASE_MARGIN_MS = 5000;

export interface UrlTiming {
  url: string;
  /** Why nothing was sent, or no further request; null if all were. */
  refused: (ShownFailure & { advice: string }) | null;
  requests: TimedRequest[];
}

export interface TimedRequest extends Waterfall {
  /** robots.txt: only if it failed, as it is asked for first; the page is then not fetched. */
  of: 'page' | 'robots.txt';
  finalUrl: string;
  status: number | null;
  /** The length of the decoded body. */
  bytes: number | null;
}

export interface TimedUrl {
  /** Normalised. */
  url: string;
  settings: Settings;
  /** Whether the URL's own host and port may have any address, as those of a seed. */
  mayNameHost: boolean;
  /** How many requests; the later ones find a warm connection if the server keeps it. */
  repeat: number;
  /** Null when there is no fleet whose limits are to be kept. */
  gate: { fleet: Fleet; crawl: string; patienceMs: number } | null;
  /** Aborting ends the request that is under way, and no further one is sent. */
  signal?: AbortSignal;
}

/**
 * Errors of the server or the network are results. After an answer that asks for a pause or fails, no further
 * request is sent. Throws only the errors of Redis.
 */
export async function timeUrl(timed: TimedUrl): Promise<UrlTiming> {
  const { url, settings, mayNameHost, repeat, signal } = timed;
  const slots = new OneSlot(timed);
  const seed = mayNameHost ? url : null;
  const robotsHops: HopTrace[] = [];
  const single = new SingleFetch({
    ...{ settings, seed, mayStart: (next) => slots.take(next) },
    onRobotsHop: (hop) => void robotsHops.push(hop),
    ...(signal ? { signal } : {}),
  });
  const timing: UrlTiming = { url, refused: null, requests: [] };
  try {
    let startedAt = Number.NEGATIVE_INFINITY;
    for (let isGood = true; isGood && timing.requests.length < repeat; ) {
      const restMs = startedAt + (await single.delayMs(url)) - performance.now();
      if (restMs > 0) await sleep(restMs);
      const refusal = await single.refusal(url);
      if (refusal) {
        timing.refused = { ...shownFailure(refusal), advice: adviceOn(refusal.code) };
        if (robotsHops.at(-1)?.failure) timing.requests.push(robotsRequest(single, robotsHops, refusal));
        break;
      }
      startedAt = performance.now();
      const { request, verdict } = await timeOnce(single, timed, slots);
      timing.requests.push(request);
      isGood = verdict.kind === 'recorded' && !signal?.aborted;
    }
    return redacted(timing);
  } finally {
    await slots.leave();
    single.close();
  }
}

/** The robots.txt that could not be fetched, in place of the page. */
function robotsRequest(single: SingleFetch, hops: readonly HopTrace[], failure: Failure): TimedRequest {
  const { url = '', status = null } = hops.at(-1) ?? {};
  const waterfall = waterfallOf(hops, single.crawl.timeouts, failure);
  return { of: 'robots.txt', finalUrl: url, status, bytes: null, ...waterfall };
}

async function timeOnce(
  single: SingleFetch,
  { url, settings }: TimedUrl,
  slots: OneSlot,
): Promise<{ request: TimedRequest; verdict: Verdict }> {
  const hops: HopTrace[] = [];
  const result = await single.fetch({
    url,
    onHop: (hop) => void hops.push(hop),
    onStart: () => slots.started(),
  });
  const answer = result.ok ? result.answer : null;
  const error = result.ok ? null : result.failure;
  return {
    verdict: classify(result, { deadOn: settings.deadOn, nowMs: Date.now() }),
    request: {
      of: 'page',
      finalUrl: result.ok ? result.answer.finalUrl : result.finalUrl,
      status: answer?.status ?? null,
      bytes: answer?.body.byteLength ?? null,
      ...waterfallOf(hops, single.crawl.timeouts, error),
    },
  };
}

/** The slot of the present request, one at a time. Without a fleet there is none to take. */
class OneSlot {
  readonly #timed: TimedUrl;
  #slot: LoneSlot | null = null;
  #hasStarted = false;

  constructor(timed: TimedUrl) {
    this.#timed = timed;
  }

  /** Gives the former slot back and takes one for this URL. */
  async take(url: string): Promise<Failure | null> {
    const { gate, settings } = this.#timed;
    if (!gate) return null;
    await this.leave();
    const leaseMs = settings.timeoutRequest + LEASE_MARGIN_MS;
    const slot = await takeLoneSlot(gate.fleet, { ...gate, key: limiterKeyOf(url), leaseMs });
    if ('code' in slot) return slot;
    this.#slot = slot;
    this.#hasStarted = false;
    return null;
  }

  /** A lost message only makes the next start of the host later. */
  started(): void {
    if (this.#hasStarted) return;
    this.#hasStarted = true;
    this.#slot?.started().catch(() => undefined);
  }

  async leave(): Promise<void> {
    this.started();
    const slot = this.#slot;
    this.#slot = null;
    await slot?.leave();
  }
}
