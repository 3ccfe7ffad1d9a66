// The part of the step handle that is the user's: runs the handler that takes the page, and turns what came
// of it into how the request ends.

import { catalogue, type Failure, failure, isFailure } from '../../src/errors.ts';
import { boundedLog } from '../../src/handlers/bounded-log.ts';
import { joinChanges } from '../../src/handlers/changes.ts';
import { chooseHandler } from '../../src/handlers/choose.ts';
import {
  type HandledRequest,
  type Handler,
  type HandlerLog,
  isBlocking,
  type RequestChanges,
} from '../../src/handlers/define.ts';
import type { HandlerResult } from '../../src/handlers/failed-by.ts';
import { fetchCalls, fetchesHere } from '../../src/handlers/fetch/serve-fetches.ts';
import { HandledPage } from '../../src/handlers/page.ts';
import { runBefore, runHandler } from '../../src/handlers/run.ts';
import type { Answer, Outcome } from '../../src/outcome.ts';
import type { Findings } from '../../src/page/findings.ts';
import type { EmittedItem } from '../../src/record.ts';
import type { RequestInput } from '../../src/request.ts';
import type { ActiveJob, ConsumerContext } from '../context.ts';
import { type Decision, die, type RequestEnd, refuseRequest, retry } from '../decision.ts';
import { postpone } from '../postpone.ts';
import { loggedOut, retire, sessionIdOf } from '../session/note-session.ts';
import { fetchesOfJob } from './handler-fetch.ts';

/** What a handler made of a page. */
export interface Handled {
  /** Null when no handler took the page. */
  readonly items: EmittedItem[] | null;
  readonly requests: readonly RequestInput[];
  /** How many requests had a URL that cannot be fetched, by the code of the reason. */
  readonly leftOut: Readonly<Record<string, number>>;
  /** Whether the links of the page are followed besides. */
  readonly followsLinks: boolean;
}

const NOTHING: Handled = Object.freeze({
  items: null,
  requests: Object.freeze([]),
  leftOut: Object.freeze({}),
  followsLinks: true,
});

/** A page and the handler that takes it. */
export interface TakenPage {
  readonly handler: Handler;
  readonly end: Extract<RequestEnd, { as: 'recorded' }>;
}

/** The handler that takes the page; null if none does, or if the answer is not the page. */
export function handlerOf(context: ConsumerContext, job: ActiveJob, end: RequestEnd): TakenPage | null {
  const { handlers } = context;
  if (handlers === null || end.as !== 'recorded' || end.failure !== null) return null;
  if (job.former?.isKept) return null;
  const handler = chooseHandler(handlers, job.request, end.answer.headers['content-type']);
  return handler && { handler, end };
}

/** What handlers change about a request before it is sent; null for nothing. */
export interface Prepared {
  readonly kind: 'prepared';
  readonly changes: RequestChanges | null;
}

const UNCHANGED: Prepared = Object.freeze({ kind: 'prepared', changes: null });

/**
 * Calls `before` of the handlers that match, one after the other, while slot and permit are held. The result
 * is what they change, or what happens to the request instead.
 */
export function prepare(context: ConsumerContext, job: ActiveJob): Prepared | Promise<Prepared | Decision> {
  const { handlers } = context;
  const { extras, url } = job.request;
  if (!handlers?.hasBefore || extras?.checkOnly) return UNCHANGED;
  const wanted = handlers.before({ label: extras?.label ?? null, url });
  return wanted.length === 0 ? UNCHANGED : callBefore(context, job, wanted);
}

async function callBefore(
  context: ConsumerContext,
  job: ActiveJob,
  handlers: readonly Handler[],
): Promise<Prepared | Decision> {
  let changes: RequestChanges = {};
  const request = handledRequest(job);
  const { signal } = job.abort;
  for (const handler of handlers) {
    const log = logOf(context, job, handler);
    const watch = context.handlerWatch;
    const result = await runBefore({ handler, request, log, signal, watch }).catch(lossOf);
    switch (result.kind) {
      case 'changed':
        changes = joinChanges(changes, result.changes);
        break;
      case 'discarded':
        job.slot.pass();
        return refuseRequest(result.failure);
      case 'logged-out': {
        job.slot.pass();
        const why = failure('E_HANDLER', `${handler.name}: before a page is there, none can be logged out.`);
        return decideOn(context, job, { failure: why, afterMs: 0 }, null);
      }
      case 'failed':
        job.slot.pass();
        return decideOn(context, job, result, null);
      case 'lost':
        return result;
      default:
        return result satisfies never;
    }
  }
  return { kind: 'prepared', changes };
}

/** A run rejects only when the job no longer belongs to this process. */
function lossOf(reason: unknown): Extract<Outcome, { kind: 'lost' }> {
  return { kind: 'lost', failure: isFailure(reason) ? reason : failure('E_LOCK_LOST') };
}

/** How the request ends after its handler, or what happens to the job instead. */
export type HandlerDecision = HandledEnd | Outcome;

export interface HandledEnd {
  readonly kind: 'handled';
  readonly end: RequestEnd;
  readonly handled: Handled;
}

/** The request ends as was decided, and no handler has made anything. */
export function notHandled(end: RequestEnd): HandledEnd {
  return { kind: 'handled', end, handled: NOTHING };
}

/**
 * Runs the handler. The slot of the host is given back before. The result is how the request ends, with what
 * the handler made, or what happens to the job instead: another attempt, or nothing because it was lost.
 */
export async function handleByUser(
  context: ConsumerContext,
  job: ActiveJob,
  { handler, end }: TakenPage,
  findings: Findings | null,
): Promise<HandlerDecision> {
  let result: HandlerResult;
  try {
    result = await runInRoom(context, job, { handler, end }, findings);
  } catch (error) {
    return lossOf(error);
  }
  if (result.retires) await retire(context, job);
  switch (result.kind) {
    case 'logged-out':
      return endOfLoggedOut(context, job, end.answer);
    case 'done':
      return { kind: 'handled', end, handled: { ...result, followsLinks: handler.follow !== false } };
    case 'discarded':
      return {
        kind: 'handled',
        end: { ...end, failure: result.failure },
        handled: { ...NOTHING, items: [] },
      };
    case 'failed': {
      const decision = await decideOn(context, job, result, end.answer);
      return decision.kind === 'end' ? notHandled(decision) : decision;
    }
    default:
      return result satisfies never;
  }
}

async function endOfLoggedOut(
  context: ConsumerContext,
  job: ActiveJob,
  answer: Answer,
): Promise<HandlerDecision> {
  const decision = await loggedOut(context, job, answer);
  return decision.kind === 'end' ? notHandled(decision) : decision;
}

/**
 * Runs the handler where it belongs: on the event loop, or on a thread. While it waits, the page gives its
 * permit back if there is room, and needs it no more.
 */
async function runInRoom(
  context: ConsumerContext,
  job: ActiveJob,
  { handler, end: { answer } }: TakenPage,
  findings: Findings | null,
): Promise<HandlerResult> {
  const { urlRules } = job.loadedCrawl;
  const { byteLength } = answer.body;
  const onWait = () => {
    // What may have killed a consumer stays alone until its handler has ended too.
    if (!job.suspicion.isSuspect) job.slot.waitAsPage(byteLength);
  };
  const { finalUrl: url, headers, body } = answer;
  // The page is what was asked for, and a 304 stands for its 200.
  const status = answer.notModified ? 200 : answer.status;
  const opener = fetchesOfJob(context, job, url);
  const shared = {
    ...{ handler, urlRules, request: handledRequest(job) },
    ...{ log: logOf(context, job, handler), signal: job.abort.signal },
  };
  if (context.handlerThreads && isBlocking(handler)) {
    onWait();
    // A thread decodes the text itself if it is used: that costs no more than to copy it.
    const found = findings && { ...findings, text: null };
    return context.handlerThreads.run({
      ...shared,
      answer: { url, status, headers, body, findings: found },
      calls: fetchCalls(opener),
    });
  }
  return runHandler({
    ...shared,
    page: new HandledPage({ url, status, headers, body, findings, urlRules }),
    fetchForPage: fetchesHere(opener),
    watch: context.handlerWatch,
    onWait,
  });
}

/**
 * Another attempt, if one is left and may change something; otherwise a dead letter. When a fetch of the
 * handler got no start, its page is postponed like any request that gets none.
 */
async function decideOn(
  context: ConsumerContext,
  job: ActiveJob,
  failed: { failure: Failure; afterMs: number },
  answer: Answer | null,
): Promise<Decision> {
  const { result } = job.trace;
  const { failure, afterMs } = failed;
  const { code } = failure.cause ?? failure;
  if (code === 'E_HANDLER_SLOT') {
    const pause = { pausedMs: afterMs, refusedForMs: 0 };
    const later = await postpone(context, job, { pause, why: failure });
    if (later) return later;
  }
  if (!catalogue[code].retry) return die(job, { failure, answer, result });
  return retry(context, job, { failure, answer }, result, afterMs > 0 ? Date.now() + afterMs : null);
}

export function handledRequest(job: ActiveJob): HandledRequest {
  const { id, crawl, request, attempt } = job;
  const { url, depth, referrer, extras } = request;
  const { method = 'GET', label = null } = extras ?? {};
  // The record has it too, and the handler may change its own.
  const userData = extras?.userData === undefined ? null : structuredClone(extras.userData);
  const session = sessionIdOf(job);
  return { id, crawl, url, method, label, userData, depth, referrer, session, attempt };
}

export function logOf(context: ConsumerContext, job: ActiveJob, handler: Handler): HandlerLog {
  return boundedLog((level, message, fields) =>
    context.log[level](
      { ...fields, request: job.jobId, handler: handler.name, url: job.request.url },
      message,
    ),
  );
}
