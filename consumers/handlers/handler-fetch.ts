// What a handler fetches besides its page. It is a fetch of the crawl like any other: robots.txt, the guard,
// the slots of the fleet and the backoff of its host hold for it. Only the scope does not.
import { setTimeout as sleep } from 'node:timers/promises';
import type { CrawlState } from '../../src/crawl/crawl.ts';
import { type Failure, failure } from '../../src/errors.ts';
import { standInOf } from '../../src/fetch/stand-ins.ts';
import type { RedirectAnswer } from '../../src/fetch/waypoint.ts';
import type { FetchOpener, HeldGate } from '../../src/handlers/fetch/serve-fetches.ts';
import { type FetchLimits, type FetchRefusal, failedFetch } from '../../src/handlers/fetch/wanted.ts';
import { gathered } from '../../src/metrics.ts';
import type { Answer, FetchResult } from '../../src/outcome.ts';
import { findInAnswer } from '../../src/page/findings.ts';
import { ROBOT } from '../../src/robots/robots.ts';
import { limiterKeyOf, originOf } from '../../src/url/host.ts';
import { reservedDetail } from '../../src/usage/statement.ts';
import type { ActiveFetch, ActiveJob, ConsumerContext } from '../context.ts';
import { enterHop } from '../fetch/enter-hop.ts';
import { guardedFetch } from '../fetch/guarded-fetch.ts';
import { pauseByRedirect } from '../fetch/redirect-pause.ts';
import { noteHostSignals } from '../host-signals.ts';
import { type SessionFetch, sessionParts } from '../session/session-parts.ts';
import { HeldSlot } from '../slot/held-slot.ts';
import { createPermits, type Permits } from '../slot/permits.ts';
import { reservationFor, statementsOn } from '../usage.ts';

/** A wait for a slot is cut into pieces of this length, after which it is seen what has changed. */
const LOOK_AGAIN_MS = 5000;
/** How often a paused crawl is looked at. */
const PAUSED_MS = 500;

/** The page, or the login, whose fetches they are. */
type FetchingJob = SessionFetch &
  Pick<ActiveJob, 'jobId' | 'crawl' | 'id' | 'request' | 'attempt' | 'archive'> & {
    readonly slot: Pick<HeldSlot, 'hasPermit'>;
  };

/** The fetches of a page. `pageUrl`: where its redirects led. */
export function fetchesOfJob(
  context: ConsumerContext,
  job: FetchingJob,
  pageUrl: string,
): FetchOpener<HandlerGate> {
  const { loadedCrawl } = job;
  let lent: Permits | undefined;
  return {
    ...{ loadedCrawl, pageUrl, credentials: context.credentials, fetcherOptions: context.fetcherOptions },
    ...sessionParts(context, job),
    open(url, limits, count) {
      lent ??= createPermits(1);
      return new HandlerGate(context, job, { ...limits, url, count, lent });
    },
    send: (request, gate) => guardedFetch(context, gate.fetch, request, 'handler'),
    watched: (request) => job.archive?.watched(request, 'handler') ?? request,
    isSeedHost: (hostPort) => context.loadedCrawls.isSeedHost(loadedCrawl, hostPort),
    note(url, outcome) {
      context.meters.count(gathered.handlerFetches, outcome.kind);
      const result = outcome.kind === 'answer' ? outcome.answer.status : outcome.failure.code;
      context.log.debug({ request: job.jobId, url, result }, 'a handler has fetched');
    },
  };
}

/** The gate of one fetch of a handler. What it holds is given back once: at the latest by `release`. */
export class HandlerGate implements HeldGate {
  readonly fetch: ActiveFetch;
  readonly #context: ConsumerContext;
  readonly #crawl: string;
  readonly #limits: FetchLimits;

  /** `count`: the number of the fetch within its page. `lent`: the permit of the page, for its fetches. */
  constructor(
    context: ConsumerContext,
    job: FetchingJob,
    { url, count, lent, ...limits }: FetchLimits & { url: string; count: number; lent: Permits },
  ) {
    const { jobId, crawl, id, request, loadedCrawl, attempt, archive, session } = job;
    const { serverBy } = loadedCrawl.settings;
    // A page that holds its permit lends it to its fetches, one after the other.
    const permits = job.slot.hasPermit ? lent : context.permits;
    const abort = new AbortController();
    const owner = { jobId: `${jobId}/${count}`, crawl, id, serverBy, abort };
    this.#context = context;
    this.#crawl = crawl;
    this.#limits = limits;
    const source = { ...context, permits: patient(permits, limits) };
    const slot = new HeldSlot(source, owner, limiterKeyOf(url));
    this.fetch = { request, loadedCrawl, attempt, abort, slot, trace: { rules: null }, archive, session };
    limits.signal.addEventListener('abort', this.#onAbort, { once: true });
    if (limits.signal.aborted) this.#onAbort();
  }

  readonly #onAbort = () => this.fetch.abort.abort(this.#limits.signal.reason);

  get signal(): AbortSignal {
    return this.fetch.abort.signal;
  }

  get #leftMs(): number {
    return this.#limits.deadlineAt - performance.now();
  }

  async enter(url: string, redirect: RedirectAnswer | null): Promise<FetchRefusal | null> {
    const { slot } = this.fetch;
    let waitMs = (await pauseByRedirect(this.#context, this.fetch, slot.key, redirect))?.pausedMs ?? 0;
    for (;;) {
      if (waitMs > 0) {
        // Others may fetch while this one waits.
        slot.pass();
        slot.givePermit();
        if (waitMs > this.#leftMs) return noStart(limiterKeyOf(url), waitMs);
        await sleep(Math.ceil(waitMs), undefined, { signal: this.signal }).catch(() => undefined);
      }
      if (this.signal.aborted) return slotLapsed;
      const state = await this.#crawlState();
      if (state === 'cancelled') return failedFetch(failure('E_CANCELLED'));
      if (state === 'paused') {
        waitMs = PAUSED_MS;
        continue;
      }
      const patienceMs = Math.max(0, Math.min(this.#leftMs, LOOK_AGAIN_MS));
      const later = await enterHop(this.#context, this.fetch, url, { withPermit: true, patienceMs });
      if (later === null) return null;
      if ('code' in later) return failedFetch(later);
      if (later.kind === 'done') return failedFetch(failure('E_LOCK_LOST'));
      const pausedMs = this.#context.slots.keyEvents.pausedFor(limiterKeyOf(url));
      waitMs = Math.max(1, later.untilMs - Date.now(), pausedMs);
    }
  }

  mayStart(): boolean {
    return this.fetch.slot.mayStart;
  }

  started(): void {
    this.fetch.slot.started();
  }

  ended(result: FetchResult, ageMs: number): FetchRefusal | null {
    if (this.signal.aborted) return slotLapsed;
    // The backoff hears what the answer tells about the host before the slot goes to the next request.
    noteHostSignals(this.#context, this.fetch, result, ageMs);
    this.release();
    if (!result.ok) return null;
    const reason = standInOf(result.answer) ?? this.#reserved(result.answer);
    return reason && failedFetch(reason);
  }

  release(): void {
    this.fetch.slot.release();
    this.#limits.signal.removeEventListener('abort', this.#onAbort);
  }

  async #crawlState(): Promise<CrawlState> {
    return (await this.#context.loadedCrawls.get(this.#crawl))?.state ?? 'cancelled';
  }

  /** Why the answer may not be used for the purposes of the crawl; null if it may. */
  #reserved(answer: Answer): Failure | null {
    const { loadedCrawl } = this.fetch;
    if (loadedCrawl.settings.purpose.length === 0) return null;
    const { statements } = findInAnswer(answer, loadedCrawl.urlRules, ROBOT);
    const reservation = reservationFor(this.fetch, statementsOn(this.fetch, answer, statements));
    const file = `${originOf(answer.finalUrl)}/robots.txt`;
    return reservation && failure('E_RESERVED', reservedDetail(reservation, file));
  }
}

const slotLapsed = failedFetch(failure('E_HANDLER_SLOT', 'Its slot lapsed.'));

function noStart(key: string, waitMs: number): FetchRefusal {
  const detail = `The next start at ${key} is in ${Math.ceil(waitMs)} ms or later.`;
  return failedFetch(failure('E_HANDLER_SLOT', detail), waitMs);
}

/** A fetch waits for its permit for as long as its page has time: it would only come again. */
function patient(permits: Permits, { signal, deadlineAt }: FetchLimits): Permits {
  return {
    ...permits,
    free: () => false,
    async take() {
      const isTaken = await permits.take(Math.max(0, deadlineAt - performance.now()));
      if (isTaken && signal.aborted) permits.give();
      return isTaken && !signal.aborted;
    },
  };
}
