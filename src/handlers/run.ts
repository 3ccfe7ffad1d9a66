// Runs a handler on one page, within its time limit, and says what it made or how it failed.
import { type Failure, failure } from '../errors.ts';
import type { EmittedItem } from '../record.ts';
import type { UrlRules } from '../url/normalize.ts';
import { checkedChanges } from './changes.ts';
import {
  BEFORE_TIMEOUT_MS,
  HANDLER_TIMEOUT_MS,
  type HandledRequest,
  type Handler,
  type HandlerArguments,
  type HandlerLog,
  type RequestChanges,
} from './define.ts';
import { failedBy, type HandlerResult } from './failed-by.ts';
import { PageFetches } from './fetch/page-fetches.ts';
import type { FetchForPage, FetchInit } from './fetch/wanted.ts';
import { EmittedItems } from './items.ts';
import type { HandledPage } from './page.ts';
import { EnqueuedRequests } from './requests.ts';
import { PageSession } from './session.ts';
import { HandlerFault } from './verdicts.ts';
import type { HandlerWatch, WatchedRun } from './watch.ts';

export interface HandlerRun {
  readonly handler: Handler;
  readonly page: HandledPage;
  readonly request: HandledRequest;
  readonly urlRules: UrlRules;
  readonly log: HandlerLog;
  readonly fetchForPage: FetchForPage;
  /** Aborted when the page no longer belongs to this process. Its reason is then thrown. */
  readonly signal: AbortSignal;
  /** Called when the handler has returned a promise, before it is waited for. */
  readonly onWait?: () => void;
  /** Notes which handler blocks the event loop, and catches what nobody catches. */
  readonly watch?: HandlerWatch | null;
}

/**
 * Resolves at the latest when the time limit is over, whatever the handler does, unless it blocks the event
 * loop. Rejects only when `signal` is aborted.
 */
export async function runHandler(given: HandlerRun): Promise<HandlerResult> {
  const { handler, page, signal, watch } = given;
  const run: WatchedRun = { handler: handler.name, url: given.request.url, seenAt: 0, fail: null };
  const made = new Made(given, run);
  const limit = new AbortController();
  const session = new PageSession(given.request.session);
  try {
    const args = {
      page,
      request: given.request,
      emit: (item: unknown) => made.emit(item),
      enqueue: (what, options) => made.enqueue(what, options),
      fetch: (url, init) => made.fetch(url, init),
      log: given.log,
      session,
      signal: limit.signal,
    } as HandlerArguments<never>;
    const running = watch ? watch.call(run, () => handler.run(args)) : handler.run(args);
    const wait = (work: PromiseLike<unknown>) => {
      given.onWait?.();
      watch?.waits(run);
      return within(work, made, limit, signal);
    };
    // A handler that returns nothing has ended already, and needs no timer.
    if (isThenable(running)) await wait(running);
    for (const url of made.close())
      given.log.warn(`the fetch of ${url} ended with its page: the handler did not await it`);
    const items = made.items();
    if (items instanceof Promise) await wait(items);
    const checked = await items;
    const after = handler.after?.({
      ...{ page, request: given.request, log: given.log, signal: limit.signal },
      items: checked.map(({ item }) => item),
    });
    if (isThenable(after)) await wait(after);
    const { list: requests, leftOut } = made.requests;
    return { kind: 'done', items: checked, requests, leftOut, ...session.told };
  } catch (error) {
    made.close();
    if (signal.aborted) throw error;
    return { ...made.failed(error), ...session.told };
  } finally {
    watch?.ended(run);
  }
}

/**
 * Calls `before` of a handler. Resolves with its changes, or with how it failed: discarded when the request
 * is to be refused. Rejects only when `signal` is aborted.
 */
export async function runBefore(
  given: Pick<HandlerRun, 'handler' | 'request' | 'log' | 'signal' | 'watch'>,
): Promise<{ kind: 'changed'; changes: RequestChanges } | Exclude<HandlerResult, { kind: 'done' }>> {
  const { handler, request, log, signal, watch } = given;
  const run: WatchedRun = { handler: handler.name, url: request.url, seenAt: 0, fail: null };
  const limit = new AbortController();
  const limited = {
    handler: { name: handler.name, timeoutMs: BEFORE_TIMEOUT_MS },
    deadlineAt: performance.now() + BEFORE_TIMEOUT_MS,
    run,
    close: () => undefined,
  };
  try {
    const call = () => handler.before?.({ request, log, signal: limit.signal });
    const returned = watch ? watch.call(run, call) : call();
    if (isThenable(returned)) {
      watch?.waits(run);
      await within(returned, limited, limit, signal);
    }
    return { kind: 'changed', changes: checkedChanges((await returned) ?? {}) };
  } catch (error) {
    if (signal.aborted) throw error;
    const failed = failedBy(error, handler.name);
    return failed.kind === 'discarded' ? { ...failed, failure: refusedBy(failed.failure) } : failed;
  } finally {
    watch?.ended(run);
  }
}

export function refusedBy({ detail }: Failure): Failure {
  return failure('E_HANDLER_REFUSED', detail);
}

/** Waits for the handler until its time is over, or the page is lost. Then `limit` is aborted. */
export async function within(
  running: PromiseLike<unknown>,
  made: Limited,
  limit: AbortController,
  lost: AbortSignal,
): Promise<void> {
  const { name, timeoutMs = HANDLER_TIMEOUT_MS } = made.handler;
  const over = Promise.withResolvers<never>();
  const onLost = () => stop(lost.reason ?? new Error('lost'));
  const stop = (reason: unknown) => {
    made.close(reason);
    over.reject(reason);
    limit.abort(reason);
  };
  over.promise.catch(() => undefined);
  if (lost.aborted) onLost();
  made.run.fail = stop;
  lost.addEventListener('abort', onLost, { once: true });
  const late = () => stop(new HandlerFault(timeoutOf(name, timeoutMs)));
  const timer = setTimeout(late, Math.max(0, made.deadlineAt - performance.now()));
  const ended = Promise.resolve(running);
  ended.catch(() => undefined); // what it throws after its time is over
  try {
    await Promise.race([ended, over.promise]);
  } finally {
    made.run.fail = null;
    clearTimeout(timer);
    lost.removeEventListener('abort', onLost);
  }
}

/** The failure of a handler that did not end in time. */
export function timeoutOf(name: string, timeoutMs: number): Failure {
  return failure('E_HANDLER_TIMEOUT', `${name} had ${timeoutMs} ms.`);
}

/** What has a time limit: a handler, or a part of it. */
interface Limited {
  readonly handler: Pick<Handler, 'name' | 'timeoutMs'>;
  /** By performance.now(). One for all that is waited for. */
  readonly deadlineAt: number;
  readonly run: WatchedRun;
  close(reason?: unknown): void;
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function';
}

/** What a handler has made so far. */
class Made {
  readonly handler: Handler;
  readonly run: WatchedRun;
  readonly #items: EmittedItems;
  readonly requests: EnqueuedRequests;
  readonly #given: HandlerRun;
  /** Made for the first fetch: most handlers make none. */
  #fetches: PageFetches | null = null;
  readonly deadlineAt: number;
  /** The first wrong item, or excess of a limit: it counts even if the handler catches the error. */
  #fault: HandlerFault | null = null;
  #isClosed = false;

  constructor(given: HandlerRun, run: WatchedRun) {
    const { handler, page, urlRules } = given;
    this.run = run;
    this.handler = handler;
    this.#given = given;
    this.deadlineAt = performance.now() + (handler.timeoutMs ?? HANDLER_TIMEOUT_MS);
    this.#items = new EmittedItems(handler);
    this.requests = new EnqueuedRequests(page, urlRules);
  }

  emit(item: unknown): void {
    this.#guard(() => this.#items.add(item));
  }

  enqueue(...given: Parameters<EnqueuedRequests['add']>): number {
    return this.#guard(() => this.requests.add(...given));
  }

  /** Never throws: the promise rejects. */
  fetch(url: string | URL, init?: FetchInit): Promise<HandledPage> {
    const { handler, ...parts } = this.#given;
    this.#fetches ??= new PageFetches({ ...parts, handler: handler.name, deadlineAt: this.deadlineAt });
    const fetches = this.#fetches;
    try {
      return this.#guard(() => fetches.add(url, init));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** After this, nothing is taken any more. Returns the URLs that were being fetched. */
  close(reason?: unknown): string[] {
    this.#isClosed = true;
    // An error costs its stack, 24 µs a page, so it is made only where one is asked for.
    return this.#fetches?.close(reason ?? new Error('the page has ended')) ?? [];
  }

  /** A promise while an asynchronous schema checks some of them. */
  items(): EmittedItem[] | Promise<EmittedItem[]> {
    if (this.#fault) throw this.#fault;
    return this.#items.all();
  }

  failed(error: unknown): Exclude<HandlerResult, { kind: 'done' }> {
    return failedBy(this.#fault ?? error, this.handler.name);
  }

  #guard<T>(add: () => T): T {
    if (this.#isClosed)
      throw new Error(`the page has ended: ${this.handler.name} emits, enqueues or fetches too late`);
    try {
      this.run.seenAt = performance.now();
      return add();
    } catch (error) {
      if (error instanceof HandlerFault && error.failure.code !== 'E_HANDLER_REQUEST') this.#fault ??= error;
      throw error;
    }
  }
}
