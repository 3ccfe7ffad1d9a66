// One call of the API: headers, time-out, errors, and repeating it.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError, errorOfAnswer, noAnswer } from './api-error.ts';

export interface CallOptions {
  /** Aborting it ends the call with the signal's reason. */
  signal?: AbortSignal;
}

/** Address of the API and the token for it. */
export interface Endpoint {
  url: string;
  token: string | undefined;
  /** Time limit for calls that are not `patient`. */
  timeoutMs: number;
}

export interface Call extends CallOptions {
  method?: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Path from the root of the API, percent-encoded. */
  path: string;
  query?: Readonly<Record<string, string | number | boolean | Date | null | undefined>>;
  json?: unknown;
  /** Body as NDJSON. It is called again each time that the call is repeated. */
  lines?: () => AsyncIterable<string>;
  accept?: string;
  /** Sends an Idempotency-Key, so that repeating the call does nothing more. */
  keyed?: boolean;
  /**
   * Set when a lost answer leaves it unclear what the call did. Such a call is not repeated after a lost
   * answer.
   */
  onceOnly?: boolean;
  /** The answer may take any time, so there is no time limit. */
  patient?: boolean;
}

const MOST_CALLS = 4;
const FIRST_WAIT_MS = 200;
const LONGEST_WAIT_MS = 30_000;

/** Returns the answer's body as JSON. Throws an ApiError, or the signal's reason. */
export function callJson<T>(endpoint: Endpoint, call: Call): Promise<T> {
  return again(endpoint, call, async (answer) => (await answer.json()) as T);
}

/** Returns what `read` makes of the answer's text, which it gets piece by piece. Throws as callJson does. */
export function callText<T>(
  endpoint: Endpoint,
  call: Call,
  read: (pieces: AsyncIterable<string>) => Promise<T>,
): Promise<T> {
  return again(endpoint, call, async ({ body }) =>
    read(body?.pipeThrough(new TextDecoderStream()) ?? ReadableStream.from([''])),
  );
}

/** Returns the answer with its body unread. Throws as callJson does. */
export function callStream(endpoint: Endpoint, call: Call): Promise<Response> {
  return again(endpoint, { ...call, patient: true }, async (answer) => answer);
}

/**
 * Makes the call. Repeats it, up to MOST_CALLS in all, when that is harmless and may help: after no answer,
 * or when the server says that it is not ready.
 */
async function again<T>(endpoint: Endpoint, call: Call, read: (answer: Response) => Promise<T>): Promise<T> {
  const key = call.keyed ? randomUUID() : null;
  for (let count = 1; ; count++) {
    try {
      return await once(endpoint, call, key, read);
    } catch (error) {
      if (!(error instanceof ApiError) || count >= MOST_CALLS || !mayRepeat(call, error)) throw error;
      const waitMs = error.retryAfterMs ?? FIRST_WAIT_MS * 2 ** (count - 1) * (0.5 + Math.random());
      if (waitMs > LONGEST_WAIT_MS) throw error;
      await sleep(waitMs, undefined, { signal: call.signal }).catch(() => call.signal?.throwIfAborted());
    }
  }
}

function mayRepeat(call: Call, { status, code, retryAfterMs }: ApiError): boolean {
  if (call.lines && !call.keyed) return false; // the source may not give the same lines again
  // The server refused these calls before it did anything.
  if (status === 429 || (status === 503 && code === 'E_STOPPING')) return true;
  if (call.onceOnly) return false;
  return status === 0 || status === 503 || (code === 'E_IDEMPOTENCY' && retryAfterMs !== null);
}

async function once<T>(
  endpoint: Endpoint,
  call: Call,
  key: string | null,
  read: (answer: Response) => Promise<T>,
): Promise<T> {
  const late = call.patient ? null : AbortSignal.timeout(endpoint.timeoutMs);
  const signals = [call.signal, late].filter((signal) => signal != null);
  try {
    const answer = await fetch(urlOf(endpoint, call), {
      ...{ method: call.method ?? 'GET', headers: headersOf(endpoint, call, key), redirect: 'error' },
      ...(signals.length > 0 ? { signal: AbortSignal.any(signals) } : {}),
      ...bodyOf(call),
    });
    if (!answer.ok) throw await errorOfAnswer(answer);
    return await read(answer);
  } catch (error) {
    call.signal?.throwIfAborted();
    if (error instanceof ApiError) throw error;
    if (late?.aborted) throw noAnswer(`No answer within ${endpoint.timeoutMs} ms.`, error);
    throw noAnswer(`${endpoint.url}: ${reasonOf(error)}.`, error);
  }
}

function urlOf({ url }: Endpoint, { path, query = {} }: Call): URL {
  const full = new URL(url.replace(/\/*$/, '') + path);
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined || value === null) continue;
    full.searchParams.set(name, value instanceof Date ? value.toISOString() : String(value));
  }
  return full;
}

function headersOf({ token }: Endpoint, call: Call, key: string | null): Record<string, string> {
  return {
    accept: call.accept ?? 'application/json',
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    ...(call.json === undefined ? {} : { 'content-type': 'application/json' }),
    ...(call.lines === undefined ? {} : { 'content-type': 'application/x-ndjson' }),
    ...(key === null ? {} : { 'idempotency-key': key }),
  };
}

function bodyOf({ json, lines }: Call): Pick<RequestInit, 'body' | 'duplex'> {
  if (json !== undefined) return { body: JSON.stringify(json) };
  if (lines === undefined) return {};
  return { body: ReadableStream.from(lines()).pipeThrough(new TextEncoderStream()), duplex: 'half' };
}

/** The message of fetch is always "fetch failed"; the reason is in its cause. */
function reasonOf(error: unknown): string {
  const cause = (error as Error).cause;
  const inner = cause instanceof AggregateError ? (cause.errors[0] as unknown) : cause;
  return inner instanceof Error && inner.message !== '' ? inner.message : (error as Error).message;
}

/** The most that one page of a list may have. */
export const MOST_PER_PAGE = 1000;

/** The items under `name` of all pages, one by one. The next page is fetched when this one is used up. */
export async function* pages<T>(endpoint: Endpoint, call: Call, name: string): AsyncGenerator<T> {
  let cursor: string | null = null;
  do {
    const query: Call['query'] = { ...call.query, cursor };
    const page: Record<string, unknown> = await callJson(endpoint, { ...call, query });
    yield* page[name] as T[];
    const next = (page.next ?? null) as string | null;
    cursor = next === cursor ? null : next;
  } while (cursor !== null);
}
