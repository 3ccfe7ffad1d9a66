// drover try: fetches one page as a crawl would, and runs the handler that takes it. Nothing is stored, and
// no Redis is needed.
import type { Settings } from '../config/settings.ts';
import { SingleFetch } from '../crawl/single-fetch.ts';
import { type Failure, failure, type ShownFailure, shownFailure } from '../errors.ts';
import { classify } from '../fetch/classify.ts';
import type { Answer } from '../outcome.ts';
import type { RequestInput } from '../request.ts';
import { joinChanges } from './changes.ts';
import { createHandlerChoice, type HandlerChoice } from './choose.ts';
import { type Handler, type HandlerLog, isBlocking, type RequestChanges } from './define.ts';
import { fetchCalls, fetchesHere } from './fetch/serve-fetches.ts';
import { TryFetches } from './fetch/try-fetches.ts';
import { runBefore } from './run.ts';
import { type HandlerTest, requestOfTest, runOn } from './test-handler.ts';
import { ThreadPool, threadsOf } from './threads/pool.ts';

export interface TriedPage {
  url: string;
  finalUrl: string | null;
  status: number | null;
  contentType: string | null;
  bytes: number | null;
  /** How long the fetch took, in milliseconds. */
  totalMs: number | null;
  /** Why no handler was run, or how the handler failed; null if all went well. */
  error: ShownFailure | null;
  /** The name of the handler that takes the page; null if none does. */
  handler: string | null;
  items: unknown[];
  /** What would be offered; `leftOut` says why scope leaves it out, null if it does not. */
  requests: { request: RequestInput; leftOut: string | null }[];
  leftOut: Readonly<Record<string, number>>;
}

/** `url` is normalised. `label`, `userData`: as if the request had them. */
export interface TriedRequest {
  url: string;
  label: string | null;
  userData: RequestInput['userData'];
  log: HandlerLog;
}

export async function tryPage(
  given: TriedRequest,
  handlers: readonly Handler[],
  settings: Settings,
): Promise<TriedPage> {
  const single = new SingleFetch({ settings, seed: given.url });
  const { crawl } = single;
  const fetches = new TryFetches(single, settings);
  try {
    const choice = createHandlerChoice(handlers);
    const prepared = await prepareTry(given, choice);
    const refused = 'code' in prepared ? prepared : await single.refusal(given.url);
    if (refused !== null || 'code' in prepared) return untried(given.url, refused);
    const result = await single.fetch({
      ...{ url: given.url, body: prepared.body ?? null, headers: prepared.headers ?? {} },
      timeouts: { ...crawl.timeouts, ...prepared.timeouts },
      isShared: true,
      onStart: () => fetches.noteStart(given.url),
    });
    const verdict = classify(result, { deadOn: settings.deadOn, nowMs: Date.now() });
    const { answer } = verdict;
    if (answer === null || verdict.failure !== null)
      return untried(given.url, verdict.failure ?? failure('E_PROTOCOL'), answer);
    const type = answer.headers['content-type'] ?? '';
    const handler = choice.choose({ label: given.label, url: given.url, type });
    if (handler === null) return untried(given.url, null, answer);
    const { urlRules, scope } = crawl;
    const pool = poolFor(handler, settings);
    const opener = fetches.ofPage(answer.finalUrl);
    const where = pool ? { pool, calls: fetchCalls(opener) } : { fetchForPage: fetchesHere(opener) };
    const run = runOn(handler, given, answer, { urlRules, log: given.log, ...where });
    const tested = await run.finally(() => pool?.close());
    const requests = tested.requests.map((request) => ({
      request,
      leftOut: scope.refuses(request.url, answer.finalUrl, request.depth ?? 1)?.code ?? null,
    }));
    return { ...untried(given.url, null, answer), ...madeBy(handler, tested), requests };
  } finally {
    single.close();
  }
}

/** One thread for a blocking handler, so that one that never ends is ended. */
function poolFor(handler: Handler, settings: Settings): ThreadPool | null {
  const files = settings.handlers.filter((one) => typeof one === 'string');
  if (!isBlocking(handler) || settings.handlers.includes(handler)) return null;
  return new ThreadPool({ ...threadsOf(settings), files, isolate: handler.isolate, threads: 1 });
}

/** What the handlers change before the request is sent, or why it is not sent. */
export async function prepareTry(
  { url, label, userData, log }: TriedRequest,
  choice: HandlerChoice,
): Promise<RequestChanges | Failure> {
  let changes: RequestChanges = {};
  const { signal } = new AbortController();
  for (const handler of choice.before({ label, url })) {
    const request = requestOfTest({ url, label, userData });
    const result = await runBefore({ handler, request, log, signal });
    if (result.kind !== 'changed') return result.failure;
    changes = joinChanges(changes, result.changes);
  }
  return changes;
}

function madeBy(handler: Handler, { items, leftOut, error }: HandlerTest) {
  return { handler: handler.name, items, leftOut, error };
}

function untried(url: string, reason: Failure | null, answer: Answer | null = null): TriedPage {
  return {
    url,
    finalUrl: answer?.finalUrl ?? null,
    status: answer?.status ?? null,
    contentType: answer?.headers['content-type'] ?? null,
    bytes: answer?.body.byteLength ?? null,
    totalMs: answer?.timings.total ?? null,
    error: reason && shownFailure(reason),
    handler: null,
    items: [],
    requests: [],
    leftOut: {},
  };
}
