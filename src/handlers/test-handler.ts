// Runs a handler on a page that is given, without a network: for the tests of users, and for drover try.
import { type ErrorCode, entryOf, failure, type ShownFailure, shownFailure } from '../errors.ts';
import type { RequestInput } from '../request.ts';
import type { UrlRules } from '../url/normalize.ts';
import { createHandlerChoice } from './choose.ts';
import { checkHandler, type HandledRequest, type Handler, type HandlerLog } from './define.ts';
import { type FetchForPage, failedFetch, type SeenAnswer, type WantedFetch } from './fetch/wanted.ts';
import { HandledPage } from './page.ts';
import { runHandler } from './run.ts';
import type { ThreadPool } from './threads/pool.ts';
import type { Calls } from './threads/threaded-page.ts';

/** An answer. One of `html`, `text`, `json` and `body` is its body. */
export interface GivenAnswer {
  html?: string;
  text?: string;
  json?: unknown;
  body?: Uint8Array;
  /** Default: 200. */
  status?: number;
  /** Content-Type is that of the body, if none is given. */
  headers?: Readonly<Record<string, string>>;
}

/** A page for a handler. */
export interface GivenPage extends GivenAnswer, Partial<Omit<HandledRequest, 'url'>> {
  url: string;
  /**
   * What the handler gets when it fetches: the answer to this URL, which is absolute. An error with a `code`
   * of docs/errors.md is what the handler would get in a crawl. Without it, every fetch fails.
   */
  fetch?: (url: string, init: Omit<WantedFetch, 'url'>) => GivenAnswer | Promise<GivenAnswer>;
}

/** What the handler made of the page. */
export interface HandlerTest {
  /** Whether `match` of the handler lets it take this page. It was run in any case. */
  matched: boolean;
  /** The items as they would be in the record. Empty after an error. */
  items: unknown[];
  /** The requests with normalised URLs, before scope and robots.txt. Empty after an error. */
  requests: readonly RequestInput[];
  /** How many requests had a URL that cannot be fetched, by the code of the reason. */
  leftOut: Readonly<Record<string, number>>;
  /** How the page would end; null if the handler has done its work. */
  error: ShownFailure | null;
}

/**
 * Resolves with what the handler makes of the page; errors of the handler are in `error`. Throws
 * E_HANDLER_FILE when it is no handler.
 */
export async function testHandler(handler: Handler, page: GivenPage): Promise<HandlerTest> {
  checkHandler(handler, 'testHandler');
  return runOn(handler, page, answerOf(page, page.url), { fetchForPage: fetchOfTest(page) });
}

/** Where a handler runs, and how it fetches: on the event loop, or on a thread of the pool. */
export type Place = { fetchForPage: FetchForPage } | { pool: ThreadPool; calls: Calls };

/** The same for an answer that was fetched. `log` is where the handler writes to. */
export async function runOn(
  handler: Handler,
  given: Omit<GivenPage, 'fetch'>,
  answer: SeenAnswer,
  { urlRules = {}, log = silentLog, ...where }: { urlRules?: UrlRules; log?: HandlerLog } & Place,
): Promise<HandlerTest> {
  const request = requestOfTest(given);
  const type = answer.headers['content-type'] ?? '';
  const matched =
    createHandlerChoice([handler]).choose({ label: request.label, url: given.url, type }) !== null;
  const { signal } = new AbortController();
  const shared = { handler, request, urlRules, log, signal };
  const { status, headers, body, finalUrl: url } = answer;
  const result = await ('pool' in where
    ? where.pool.run({
        ...shared,
        answer: { url, status, headers, body, findings: null },
        calls: where.calls,
      })
    : runHandler({ ...shared, ...where, page: new HandledPage({ url, status, headers, body, urlRules }) }));
  const made = result.kind === 'done' ? result : { items: [], requests: [], leftOut: {} };
  return {
    matched,
    items: made.items.map(({ item }) => item),
    requests: made.requests,
    leftOut: made.leftOut,
    error: result.kind === 'done' ? null : shownFailure(result.failure),
  };
}

function fetchOfTest({ fetch }: GivenPage): FetchForPage {
  return async ({ url, ...init }) => {
    if (!fetch) throw new Error(`the handler fetches ${url}: give testHandler a \`fetch\` that answers`);
    try {
      return { kind: 'answer', answer: answerOf(await fetch(url, init), url) };
    } catch (error) {
      const { code } = Object(error) as { code?: unknown };
      if (typeof code !== 'string' || !entryOf(code)) throw error;
      return failedFetch(failure(code as ErrorCode, (error as Error).message));
    }
  };
}

function answerOf(given: GivenAnswer, url: string): SeenAnswer {
  const { body, type } = bodyOf(given);
  const headers = { ...(type ? { 'content-type': type } : {}), ...lowerCase(given.headers) };
  return { status: given.status ?? 200, headers, body, finalUrl: url };
}

/** A request with these fields, and what others would have in a crawl. */
export function requestOfTest(given: GivenPage): HandledRequest {
  return {
    id: given.id ?? '0000000000000000',
    crawl: given.crawl ?? 'test',
    url: given.url,
    method: given.method ?? 'GET',
    label: given.label ?? null,
    userData: given.userData ?? null,
    depth: given.depth ?? 0,
    referrer: given.referrer ?? null,
    session: null,
    attempt: given.attempt ?? 1,
  };
}

function bodyOf({ html, text, json, body }: GivenAnswer): { body: Uint8Array; type: string } {
  if (body !== undefined) return { body, type: '' };
  if (html !== undefined) return { body: Buffer.from(html), type: 'text/html; charset=utf-8' };
  if (json !== undefined) return { body: Buffer.from(JSON.stringify(json)), type: 'application/json' };
  return { body: Buffer.from(text ?? ''), type: 'text/plain; charset=utf-8' };
}

function lowerCase(headers: Readonly<Record<string, string>> = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

const nothing = () => undefined;
/** A log for handlers that run only to be tried or measured. */
export const silentLog: HandlerLog = { debug: nothing, info: nothing, warn: nothing, error: nothing };
