// The typed client of the HTTP API: one method for each route.
import type { DeadGroup } from '../dead/read.ts';
import type { ReplayRun } from '../dead/replay-runs.ts';
import type { Explanation } from '../explain/explanation.ts';
import type { UrlTiming } from '../explain/time-url.ts';
import type { FleetProxy } from '../fleet/fleet-proxies.ts';
import type { Stats } from '../fleet/history.ts';
import type { HostLimits, HostState } from '../frontier/hosts.ts';
import type { DeadLetter, DeadLetterDetail } from '../queue/dead-letters.ts';
import type {
  DeadQuery,
  Enqueued,
  FleetEvent,
  PurgeAnswer,
  ReplayAnswer,
  ReplayInput,
  SessionView,
} from './answers.ts';
import {
  type Call,
  type CallOptions,
  callJson,
  callText,
  type Endpoint,
  MOST_PER_PAGE,
  pages,
} from './call.ts';
import { crawlsOf } from './crawls.ts';
import { MOST_REJECTED, readEnqueueAnswer, refusedOf, type SentBack } from './enqueue-answer.ts';
import { followEvents } from './events.ts';
import { type SentRequest, uploadFrom, uploadOf } from './upload.ts';

export interface ClientOptions {
  /** Address of the API; http://127.0.0.1:3300 by default. */
  url?: string;
  /** One of the tokens in the server's DROVER_API_TOKEN. */
  token?: string;
  /**
   * A call without an answer for this long has failed; 30,000 by default. It does not apply to enqueue and
   * events.
   */
  timeoutMs?: number;
}

export type Client = ReturnType<typeof createClient>;

/**
 * Makes a client of `drover serve`. Every method takes a `signal` in its last argument and throws an
 * ApiError. A call that got no answer, or that the server asked to repeat later, is repeated up to three
 * times if repeating it cannot do anything twice. Nothing is connected before the first call, and nothing
 * needs to be closed.
 */
export function createClient({
  url = 'http://127.0.0.1:3300',
  token,
  timeoutMs = 30_000,
}: ClientOptions = {}) {
  const endpoint: Endpoint = { url, token, timeoutMs };
  const call = <T>(given: Call) => callJson<T>(endpoint, given);
  return {
    /**
     * Enqueues a URL, a request, or any number of them. Resolves when all accepted requests are durable. Bad
     * requests are listed in `rejected`; the others are accepted. A crawl that does not exist begins as a
     * plain list.
     *
     * An array is sent again after a lost answer. An iterable or async iterable may have any length, is read
     * only as fast as the server accepts it, and is sent once. Enqueuing the same requests again changes
     * nothing.
     */
    enqueue: (
      requests: SentRequest | Iterable<SentRequest> | AsyncIterable<SentRequest>,
      options: { crawl?: string } & CallOptions = {},
    ) => enqueue(endpoint, requests, options),
    /** What became of a request, by its id CRAWL.FINGERPRINT. */
    request: (id: string, options: CallOptions = {}) =>
      call<Explanation>({ path: `/v1/requests/${encodeURIComponent(id)}`, ...options }),
    /** Why a URL was (not) fetched: in the crawl with this id, or else in the newest that has seen it. */
    explain: (explained: string, { crawl, ...options }: { crawl?: string } & CallOptions = {}) =>
      call<Explanation>({ path: '/v1/explain', query: { url: explained, crawl }, ...options }),
    /** Sends a request to the URL now, and says where its time goes. */
    timing: (json: { url: string; crawl?: string; repeat?: number }, options: CallOptions = {}) =>
      call<UrlTiming>({ ...{ method: 'POST', path: '/v1/explain/timing', patient: true }, json, ...options }),
    stats: (options: CallOptions = {}) => call<Stats>({ path: '/v1/stats', ...options }),
    session: (options: CallOptions = {}) => call<SessionView>({ path: '/v1/session', ...options }),
    /**
     * Events as they happen, until the loop ends or `signal` is aborted, which throws the signal's reason.
     * Reconnects after a lost connection.
     */
    events: (options: { crawl?: string } & CallOptions = {}): AsyncGenerator<FleetEvent> =>
      followEvents(endpoint, options),
    crawls: crawlsOf(endpoint),
    dead: deadOf(endpoint),
    replays: replaysOf(endpoint),
    hosts: hostsOf(endpoint),
    /** How the proxies of the consumers stand. `untold`: how many more there are, all of which work. */
    proxies: (options: CallOptions = {}) =>
      call<{ proxies: FleetProxy[]; untold: number }>({ path: '/v1/proxies', ...options }),
  };
}

function deadOf(endpoint: Endpoint) {
  return {
    /** Dead letters, newest first. */
    list: (filter: DeadQuery = {}, options: CallOptions = {}) =>
      pages<DeadLetter>(
        endpoint,
        { path: '/v1/dead', query: { ...filter, limit: MOST_PER_PAGE }, ...options },
        'letters',
      ),
    /** Groups of dead letters (one code at one host), largest first. */
    async summary(filter: DeadQuery = {}, options: CallOptions = {}): Promise<DeadGroup[]> {
      const path = '/v1/dead/summary';
      return (await callJson<{ groups: DeadGroup[] }>(endpoint, { path, query: { ...filter }, ...options }))
        .groups;
    },
    /** One dead letter, with its request and every attempt. */
    show: (jobId: string, options: CallOptions = {}) =>
      callJson<DeadLetterDetail>(endpoint, { path: `/v1/dead/${encodeURIComponent(jobId)}`, ...options }),
    /** Starts a replay of the letters that match: one run for each group. */
    replay: (input: ReplayInput, options: CallOptions = {}) =>
      callJson<ReplayAnswer>(endpoint, {
        ...{ method: 'POST', path: '/v1/dead/replay', json: input, keyed: true, ...options },
      }),
    /**
     * Deletes dead letters. They are exported on the server first unless `export` is false. Without a filter,
     * `all` must be true.
     */
    purge: (which: DeadQuery & { all?: boolean; export?: boolean }, options: CallOptions = {}) =>
      callJson<PurgeAnswer>(endpoint, {
        ...{
          method: 'DELETE',
          path: '/v1/dead',
          query: { ...which },
          onceOnly: true,
          patient: true,
          ...options,
        },
      }),
  };
}

function replaysOf(endpoint: Endpoint) {
  const at = (id: string) => `/v1/replays/${encodeURIComponent(id)}`;
  return {
    /** All replays, newest first. */
    async list(options: CallOptions = {}): Promise<ReplayRun[]> {
      return (await callJson<{ replays: ReplayRun[] }>(endpoint, { path: '/v1/replays', ...options }))
        .replays;
    },
    get: (id: string, options: CallOptions = {}) =>
      callJson<ReplayRun>(endpoint, { path: at(id), ...options }),
    /** Stops a replay: no further letter of it is brought back. */
    stop: (id: string, options: CallOptions = {}) =>
      callJson<ReplayRun>(endpoint, { method: 'DELETE', path: at(id), ...options }),
  };
}

function hostsOf(endpoint: Endpoint) {
  const at = (key: string, below = '') => `/v1/hosts/${encodeURIComponent(key)}${below}`;
  const call = (given: Call) => callJson<HostState>(endpoint, given);
  return {
    /** Hosts that have requests of open crawls, or limits set by the operator. */
    async list({ limit, ...options }: { limit?: number } & CallOptions = {}): Promise<HostState[]> {
      const query = { limit };
      return (await callJson<{ hosts: HostState[] }>(endpoint, { path: '/v1/hosts', query, ...options }))
        .hosts;
    },
    /** Sets limits for the whole fleet; null removes one. */
    set: (key: string, limits: Partial<HostLimits>, options: CallOptions = {}) =>
      call({ method: 'PATCH', path: at(key), json: limits, ...options }),
    /** Pauses a host for `durationMs`, or until it is resumed. */
    pause: (key: string, { durationMs, ...options }: { durationMs?: number } & CallOptions = {}) =>
      call({ method: 'POST', path: at(key, '/pause'), json: { durationMs }, ...options }),
    resume: (key: string, options: CallOptions = {}) =>
      call({ method: 'POST', path: at(key, '/resume'), ...options }),
  };
}

async function enqueue(
  endpoint: Endpoint,
  requests: SentRequest | Iterable<SentRequest> | AsyncIterable<SentRequest>,
  { crawl, signal }: { crawl?: string } & CallOptions,
): Promise<Enqueued> {
  const many =
    typeof requests === 'object' && (Symbol.iterator in requests || Symbol.asyncIterator in requests);
  const known = Array.isArray(requests)
    ? (requests as SentRequest[])
    : many
      ? null
      : [requests as SentRequest];
  const upload = known ? uploadOf(known) : uploadFrom(requests as Iterable<SentRequest>);
  try {
    const call: Call = {
      ...{
        method: 'POST',
        path: '/v1/requests',
        query: { crawl },
        lines: upload.lines,
        patient: true,
        signal,
      },
      keyed: known !== null,
    };
    const answer = await callText(endpoint, call, (pieces) => readEnqueueAnswer(pieces, MOST_REJECTED));
    return {
      ...(answer.frame as Omit<Enqueued, 'rejectedCount' | 'rejected'>),
      rejectedCount: answer.count,
      rejected: refusedOf(answer.elements as SentBack[], upload.indexOf),
    };
  } catch (error) {
    throw upload.sourceError()?.error ?? error;
  } finally {
    upload.end();
  }
}
