// Runs a handler on a page that is given, without a network: for the tests of users, and for drover try.
import { type ShownFailure, shownFailure } from '../errors.ts';
import type { RequestInput } from '../request.ts';
import type { UrlRules } from '../url/normalize.ts';
import { createHandlerChoice } from './choose.ts';
import { checkHandler, type HandledRequest, type Handler, type HandlerLog } from './define.ts';
import { HandledPage } from './page.ts';
import { runHandler } from './run.ts';
import type { ThreadPool } from './threads/pool.ts';

/** A page for a handler. One of `html`, `text`, `json` and `body` is its body. */
export interface GivenPage extends Partial<Omit<HandledRequest, 'url'>> {
  url: string;
  html?: string;
  text?: string;
  json?: unknown;
  body?: Uint8Array;
  /** Default: 200. */
  status?: number;
  /** Content-Type is that of the body, if none is given. */
  headers?: Readonly<Record<string, string>>;
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
  const { body, type } = bodyOf(page);
  const headers = { ...(type ? { 'content-type': type } : {}), ...lowerCase(page.headers) };
  return runOn(handler, page, { status: page.status ?? 200, headers, body, finalUrl: page.url }, {});
}

/**
 * The same for an answer that was fetched. `log` is where the handler writes to; `pool` where it runs, if not
 * here.
 */
export async function runOn(
  handler: Handler,
  given: GivenPage,
  answer: { status: number; headers: Readonly<Record<string, string>>; body: Uint8Array; finalUrl: string },
  {
    urlRules = {},
    log = silent,
    pool = null,
  }: { urlRules?: UrlRules; log?: HandlerLog; pool?: ThreadPool | null },
): Promise<HandlerTest> {
  const request = requestOfTest(given);
  const type = answer.headers['content-type'] ?? '';
  const matched =
    createHandlerChoice([handler]).choose({ label: request.label, url: given.url, type }) !== null;
  const { status, headers, body, finalUrl: url } = answer;
  const { signal } = new AbortController();
  const shared = { handler, request, urlRules, log, signal };
  const result = await (pool
    ? pool.run({ ...shared, answer: { url, status, headers, body, findings: null } })
    : runHandler({ ...shared, page: new HandledPage({ url, status, headers, body, urlRules }) }));
  const made = result.kind === 'done' ? result : { items: [], requests: [], leftOut: {} };
  return {
    matched,
    items: made.items.map(({ item }) => item),
    requests: made.requests,
    leftOut: made.leftOut,
    error: result.kind === 'done' ? null : shownFailure(result.failure),
  };
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
    attempt: given.attempt ?? 1,
  };
}

function bodyOf({ html, text, json, body }: GivenPage): { body: Uint8Array; type: string } {
  if (body !== undefined) return { body, type: '' };
  if (html !== undefined) return { body: Buffer.from(html), type: 'text/html; charset=utf-8' };
  if (json !== undefined) return { body: Buffer.from(JSON.stringify(json)), type: 'application/json' };
  return { body: Buffer.from(text ?? ''), type: 'text/plain; charset=utf-8' };
}

function lowerCase(headers: Readonly<Record<string, string>> = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

const nothing = () => undefined;
const silent: HandlerLog = { debug: nothing, info: nothing, warn: nothing, error: nothing };
