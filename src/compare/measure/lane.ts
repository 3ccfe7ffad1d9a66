// A lane: fetches pages of the sample and handles them, as a consumer does, some at once on one event loop.
import { fetcherOptionsOf } from '../../crawl/fetcher-options.ts';
import { loadedCrawlOf } from '../../crawl/loaded-crawl.ts';
import { type Failure, failure, shownFailure } from '../../errors.ts';
import { classify } from '../../fetch/classify.ts';
import { createFetcher, type Fetcher } from '../../fetch/client.ts';
import { credentialsOf } from '../../fetch/credentials/credentials.ts';
import { namedTimeOf } from '../../fetch/named-time.ts';
import { proxiesOf } from '../../fetch/proxy/proxies.ts';
import { createHandlerChoice, type HandlerChoice } from '../../handlers/choose.ts';
import { HANDLER_TIMEOUT_MS, type Handler } from '../../handlers/define.ts';
import type { HandlerResult } from '../../handlers/failed-by.ts';
import { loadHandlers } from '../../handlers/load.ts';
import { requestOfTest, silentLog } from '../../handlers/test-handler.ts';
import { prepareTry } from '../../handlers/try-page.ts';
import { type Answer, type FetchResult, NO_TIMINGS } from '../../outcome.ts';
import { type Findings, findInAnswer } from '../../page/findings.ts';
import { ROBOT } from '../../robots/robots.ts';
import { type CpuTime, threadCpu } from './cpu-clock.ts';
import type { LanePage, LanePageEnd, LaneSetUp, Question, Reply } from './messages.ts';

/** A fetched page for a handler. */
export interface FetchedPage {
  readonly handler: Handler;
  readonly page: LanePage;
  readonly answer: Pick<Answer, 'finalUrl' | 'status' | 'headers' | 'body'>;
  readonly findings: Findings;
}

export interface LaneParts {
  readonly setUp: LaneSetUp;
  /** The largest number of requests at once. */
  readonly connections: number;
  /** Runs the handler, here or on another thread. */
  readonly handle: (page: FetchedPage) => Promise<HandlerResult>;
  readonly onPage: (end: LanePageEnd) => void;
  /** Asks what the hosts allow. Null against a replica, which allows everything. */
  readonly ask: ((question: Question) => Promise<Reply>) | null;
}

/** What a host is spared after a refusal that names no time. */
const REFUSED_MS = 2000;

export class Lane {
  readonly #parts: LaneParts;
  readonly #choice: HandlerChoice;
  readonly #fetcher: Fetcher;
  readonly #crawl: ReturnType<typeof loadedCrawlOf>;
  readonly #allow;
  /** Pages of an earlier run count no more, and none begins after them. */
  #run = 0;

  constructor(parts: LaneParts, handlers: readonly Handler[]) {
    this.#parts = parts;
    const { settings, seedHosts, replicaHost } = parts.setUp;
    const proxies = replicaHost === null ? proxiesOf(parts.setUp.proxies) : null;
    const credentials = credentialsOf(parts.setUp);
    this.#choice = createHandlerChoice(handlers);
    this.#fetcher = createFetcher(
      fetcherOptionsOf({ ...parts.setUp.fetching, concurrency: parts.connections, proxies, credentials }),
    );
    this.#crawl = loadedCrawlOf('compare', '', settings);
    const hosts = replicaHost === null ? seedHosts : [replicaHost];
    const ports = replicaHost === null ? settings.allowPort : [Number(replicaHost.split(':').at(-1))];
    this.#allow = { cidrs: settings.allowPrivate, hosts, ports };
  }

  /**
   * Runs pages, `concurrency` at once, until stopped or until there are none. Against a replica it takes
   * every page that is `first` and a multiple of `step` later, over and over.
   */
  async run({
    first,
    step,
    concurrency,
  }: {
    first: number;
    step: number;
    concurrency: number;
  }): Promise<void> {
    const run = ++this.#run;
    let at = first;
    const { ask, setUp } = this.#parts;
    const own = () => {
      const index = at % setUp.pages.length;
      at += step;
      return index;
    };
    const isAlone = concurrency === 1;
    // After a stop, pages that have begun still count, until another run begins.
    const onPage = (end: LanePageEnd) => {
      if (this.#run <= run + 1) this.#parts.onPage(end);
    };
    await Promise.all(
      Array.from({ length: concurrency }, async () => {
        while (run === this.#run) {
          const index = ask ? await ask({ kind: 'next' }) : own();
          if (typeof index !== 'number') return;
          await this.#page(index, isAlone, onPage);
        }
      }),
    );
  }

  /** No page begins any more. */
  stop(): void {
    this.#run++;
  }

  async #page(index: number, isAlone: boolean, onPage: (end: LanePageEnd) => void): Promise<void> {
    const page = this.#parts.setUp.pages[index] as LanePage;
    const clock = isAlone ? new CostClock() : null;
    const startedAt = machineNow();
    let fetchedAt = startedAt;
    let error: Failure | null;
    try {
      const result = await this.#fetch(page, index);
      const read = this.#read(page, result, index);
      fetchedAt = machineNow();
      clock?.fetched();
      error = read === null || 'code' in read ? read : errorOf(await this.#parts.handle(read));
    } catch {
      return; // the run has ended
    }
    const endedAt = machineNow();
    const [fetchMs, handlerMs] = [fetchedAt - startedAt, endedAt - fetchedAt];
    onPage({
      startedAt,
      endedAt,
      fetchMs,
      handlerMs,
      error: error && shownFailure(error),
      cost: clock?.ended() ?? null,
    });
  }

  async #fetch({ request, replica }: LanePage, index: number): Promise<FetchResult> {
    const { ask, setUp } = this.#parts;
    const { url, label = null, userData = null } = request;
    const { timeouts, userAgent, signsAs } = this.#crawl;
    const { settings } = setUp;
    const changes = this.#choice.hasBefore
      ? await prepareTry({ url, label, userData, log: silentLog }, this.#choice)
      : {};
    if ('code' in changes) return { ok: false, failure: changes, timings: NO_TIMINGS, finalUrl: url };
    return this.#fetcher.fetch({
      url: replica?.url ?? url,
      method: request.method ?? 'GET',
      headers: { ...settings.header, ...request.headers, ...changes.headers },
      body: changes.body ?? null,
      ...{
        userAgent,
        signsAs,
        allow: this.#allow,
        maxBytes: settings.maxBytes,
        maxRedirects: settings.maxRedirects,
      },
      timeouts: { ...timeouts, ...request.timeouts, ...changes.timeouts },
      ...(ask === null
        ? {}
        : {
            beforeHop: async (hop) =>
              (await ask({ kind: 'hop', page: index, url: hop.url })) as Failure | null,
          }),
    });
  }

  /** The page for its handler; why it has none; null when no handler takes it. */
  #read(page: LanePage, result: FetchResult, index: number): FetchedPage | Failure | null {
    const verdict = classify(result, { deadOn: this.#parts.setUp.settings.deadOn, nowMs: Date.now() });
    const pauseMs =
      verdict.kind === 'postponed' ? (namedTimeOf(verdict.answer, Date.now())?.afterMs ?? REFUSED_MS) : 0;
    void this.#parts.ask?.({ kind: 'fetched', page: index, pauseMs });
    const { answer } = verdict;
    if (answer === null || verdict.failure !== null) return verdict.failure ?? failure('E_PROTOCOL');
    const { finalUrl, headers } = page.replica ?? answer;
    const seen = { finalUrl, headers, status: answer.status, body: answer.body };
    const findings = findInAnswer(seen, this.#crawl.urlRules, ROBOT);
    const { url, label = null } = page.request;
    const handler = this.#choice.choose({ label, url, type: headers['content-type'] ?? '' });
    return handler && { handler, page, answer: seen, findings };
  }
}

/** A discarded page has been handled as its handler wants. */
function errorOf(result: HandlerResult): Failure | null {
  return result.kind === 'failed' ? result.failure : null;
}

/** The request as a handler sees it. */
export function shownRequest({ request }: LanePage) {
  const { url, label = null, userData = null, depth = 0 } = request;
  return requestOfTest({ url, label, userData, depth, crawl: 'compare' });
}

/** The handlers of the files. Each has its own time limit, as in a consumer, but at most `pageLimitMs`. */
export async function loadLimited(files: readonly string[], pageLimitMs: number): Promise<Handler[]> {
  const loaded = await loadHandlers(files);
  return loaded.map((handler) => ({
    ...handler,
    timeoutMs: Math.min(handler.timeoutMs ?? HANDLER_TIMEOUT_MS, pageLimitMs),
  }));
}

/** What a page costs its thread while nothing else runs there. */
class CostClock {
  readonly #before = threadCpu();
  #fetched: CpuTime = this.#before;
  #activeBefore = 0;

  fetched(): void {
    this.#fetched = threadCpu();
    this.#activeBefore = performance.eventLoopUtilization().active;
  }

  ended(): NonNullable<LanePageEnd['cost']> {
    const after = threadCpu();
    const held = performance.eventLoopUtilization().active - this.#activeBefore;
    const handlerCpuMs = after.usedMs - this.#fetched.usedMs;
    const queuedMs = after.queuedMs - this.#fetched.queuedMs;
    return {
      fetchCpuMs: this.#fetched.usedMs - this.#before.usedMs,
      handlerCpuMs,
      blockedMs: Math.max(0, held - handlerCpuMs - queuedMs),
    };
  }
}

/** Milliseconds since 1970 with fractions, the same in all threads. */
export function machineNow(): number {
  return performance.timeOrigin + performance.now();
}
