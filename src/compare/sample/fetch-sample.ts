// Fetches each page of the sample once, politely, and says which handler takes it.
import type { Settings } from '../../config/settings.ts';
import { SingleFetch } from '../../crawl/single-fetch.ts';
import { type Failure, failure } from '../../errors.ts';
import { classify } from '../../fetch/classify.ts';
import { namedTimeOf } from '../../fetch/named-time.ts';
import { createHandlerChoice } from '../../handlers/choose.ts';
import type { Handler } from '../../handlers/define.ts';
import { silentLog } from '../../handlers/test-handler.ts';
import { prepareTry } from '../../handlers/try-page.ts';
import type { Answer } from '../../outcome.ts';
import type { RequestInput } from '../../request.ts';
import { hostnameOf, hostPortOf, limiterKeyOf, mayBePrivate } from '../../url/host.ts';
import type { Question, Reply } from '../measure/messages.ts';
import { PoliteGate } from './polite-gate.ts';

/** A page that was fetched once. */
export interface SampledPage {
  readonly request: RequestInput;
  readonly answer: Answer;
  /** The name of its handler; null if none takes it. */
  readonly handler: string | null;
}

export interface FetchedSample {
  readonly pages: readonly SampledPage[];
  /** What could not be fetched, and why. */
  readonly failed: readonly { readonly url: string; readonly failure: Failure }[];
  /** host:port of private hosts that the list names. The operator allowed them by that. */
  readonly seedHosts: readonly string[];
  /** The hosts' limits for the pages that were fetched. */
  readonly most: ReturnType<PoliteGate['most']>;
  /** Answers what lanes ask, for runs against the real servers. */
  readonly answer: (question: Question) => Promise<Reply>;
  /** A run fetches each page once; more often if there are few. */
  readonly beginRun: () => void;
  close(): void;
}

const FETCHES = 20;
const REFUSED_MS = 2000;
/** Requests of one run to the real servers, if the sample is smaller. */
const FEWEST_OF_RUN = 20;

/** Ends early, without the pages that are missing, when `signal` is aborted. */
export async function fetchSample(
  requests: readonly RequestInput[],
  handlers: readonly Handler[],
  settings: Settings,
  signal: AbortSignal,
): Promise<FetchedSample> {
  const single = new SingleFetch({ settings, seed: null, signal, concurrency: FETCHES });
  const { crawl } = single;
  for (const { url } of requests) if (mayBePrivate(hostnameOf(url))) crawl.seedHosts.add(hostPortOf(url));
  const choice = createHandlerChoice(handlers);
  const gate = new PoliteGate(
    requests.map(({ url }) => url),
    settings,
  );
  const found = new Map<number, SampledPage>();
  const failed: { url: string; failure: Failure }[] = [];

  async function hop(of: PoliteGate, page: number, url: string): Promise<Failure | null> {
    const refused = await single.refusal(url);
    if (refused) return refused;
    of.noteRobots(url, await single.delayMs(url));
    await of.hop(page, url);
    return null;
  }

  /** Null when the page was fetched. */
  async function fetchOne(index: number): Promise<{ failure: Failure | null; pauseMs: number }> {
    const request = requests[index] as RequestInput;
    const { url, label = null, userData = null } = request;
    const refused = await single.refusal(url);
    if (refused) return { failure: refused, pauseMs: 0 };
    const changes = await prepareTry({ url, label, userData, log: silentLog }, choice);
    if ('code' in changes) return { failure: changes, pauseMs: 0 };
    const result = await single.fetch({
      ...{ url, method: request.method ?? 'GET', body: changes.body ?? null },
      headers: { ...request.headers, ...changes.headers },
      timeouts: { ...crawl.timeouts, ...request.timeouts, ...changes.timeouts },
      beforeHop: (next) => hop(gate, index, next.url),
    });
    const verdict = classify(result, { deadOn: settings.deadOn, nowMs: Date.now() });
    const { answer } = verdict;
    if (answer === null || verdict.failure !== null) {
      const pauseMs =
        verdict.kind === 'postponed' ? (namedTimeOf(verdict.answer, Date.now())?.afterMs ?? REFUSED_MS) : 0;
      return { failure: verdict.failure ?? failure('E_PROTOCOL'), pauseMs };
    }
    const type = answer.headers['content-type'] ?? '';
    const handler = choice.choose({ label, url, type })?.name ?? null;
    found.set(index, { request, answer, handler });
    return { failure: null, pauseMs: 0 };
  }

  async function fetchSome(): Promise<void> {
    for (let index = await gate.next(); index !== null; index = await gate.next()) {
      const ended = await fetchOne(index);
      gate.leave(index, ended.pauseMs);
      const { url } = requests[index] as RequestInput;
      if (ended.failure && !signal.aborted) failed.push({ url, failure: ended.failure });
    }
  }

  await eachHost(requests, async (url) => gate.noteRobots(url, await single.delayMs(url)));
  signal.addEventListener('abort', () => gate.beginRun(0), { once: true });
  gate.beginRun(signal.aborted ? 0 : requests.length);
  await Promise.all(Array.from({ length: FETCHES }, fetchSome));

  const pages = [...found.entries()].sort(([a], [b]) => a - b).map(([, page]) => page);
  const runGate = new PoliteGate(
    pages.map(({ request }) => request.url),
    settings,
  );
  for (const { request } of pages) runGate.noteRobots(request.url, await single.delayMs(request.url));
  return {
    ...{ pages, failed, seedHosts: [...crawl.seedHosts], most: runGate.most() },
    async answer(question) {
      switch (question.kind) {
        case 'next':
          return runGate.next();
        case 'hop':
          return hop(runGate, question.page, question.url);
        case 'fetched':
          runGate.leave(question.page, question.pauseMs);
          return null;
        default:
          return question satisfies never;
      }
    },
    beginRun: () => runGate.beginRun(Math.max(pages.length, FEWEST_OF_RUN)),
    close: () => single.close(),
  };
}

/** Works on one URL of each host, some at a time. */
async function eachHost(
  requests: readonly RequestInput[],
  work: (url: string) => Promise<void>,
): Promise<void> {
  const urls = [...new Map(requests.map(({ url }) => [limiterKeyOf(url), url])).values()];
  const next = urls[Symbol.iterator]();
  await Promise.all(
    Array.from({ length: FETCHES }, async () => {
      for (const url of next) await work(url);
    }),
  );
}
