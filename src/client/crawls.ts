// What the client can do with crawls.
import type { RunDifference } from '../changes/kinds.ts';
import type { CrawlView } from '../crawl/views.ts';
import type { CrawlRecord } from '../record.ts';
import type { ItemLine } from '../records/export/items.ts';
import type {
  ChangesQuery,
  CrawlErrors,
  CrawlInFull,
  CrawlInput,
  ItemQuery,
  RecordQuery,
  Refused,
} from './answers.ts';
import { type Call, type CallOptions, callJson, type Endpoint, MOST_PER_PAGE, pages } from './call.ts';
import { refusedOf, type SentBack } from './enqueue-answer.ts';

const RECORDS_PER_PAGE = 100;

/** The methods for crawls: `client.crawls`. */
export function crawlsOf(endpoint: Endpoint) {
  const at = (id: string, below = '') => `/v1/crawls/${encodeURIComponent(id)}${below}`;
  const call = <T>(given: Call) => callJson<T>(endpoint, given);
  return {
    /** Begins a crawl, or goes on with the unfinished one of that name. `rejected`: seeds of no use. */
    async create(
      input: CrawlInput,
      options: CallOptions = {},
    ): Promise<CrawlInFull & { rejected: Refused[] }> {
      const answer = await call<CrawlInFull & { rejected?: SentBack[] }>({
        ...{ method: 'POST', path: '/v1/crawls', json: input, keyed: true, patient: true, ...options },
      });
      return { ...answer, rejected: refusedOf(answer.rejected, (line) => line - 1) };
    },
    /** All crawls, newest first. */
    list: (options: CallOptions = {}) =>
      pages<CrawlView>(
        endpoint,
        { path: '/v1/crawls', query: { limit: MOST_PER_PAGE }, ...options },
        'crawls',
      ),
    get: (id: string, options: CallOptions = {}) => call<CrawlInFull>({ path: at(id), ...options }),
    pause: (id: string, options: CallOptions = {}) =>
      call<CrawlInFull>({ method: 'POST', path: at(id, '/pause'), ...options }),
    resume: (id: string, options: CallOptions = {}) =>
      call<CrawlInFull>({ method: 'POST', path: at(id, '/resume'), ...options }),
    /** Cancels a crawl: its waiting requests are dropped, its records are kept. */
    cancel: (id: string, options: CallOptions = {}) =>
      call<CrawlInFull>({ method: 'DELETE', path: at(id), ...options }),
    /** Removes what Redis keeps of a crawl that has ended; its records on disk stay. Returns it as it was. */
    forget: (id: string, options: CallOptions = {}) =>
      call<CrawlInFull>({ method: 'DELETE', path: at(id), query: { forget: 'true' }, ...options }),
    /**
     * The records of all requests that have ended and match, each request once. Throws E_RECORDS_MISSING when
     * some are not in the server's data directory, unless `partial` is true.
     */
    records: (id: string, { signal, ...query }: RecordQuery & CallOptions = {}) =>
      pages<CrawlRecord>(
        endpoint,
        {
          path: at(id, '/records'),
          query: { ...query, limit: RECORDS_PER_PAGE },
          ...(signal ? { signal } : {}),
        },
        'records',
      ),
    /**
     * What handlers emitted for the pages of the crawl. Throws E_RECORDS_MISSING when some records are not in
     * the server's data directory, unless `partial` is true.
     */
    items: (id: string, { signal, ...query }: ItemQuery & CallOptions = {}) =>
      pages<ItemLine>(
        endpoint,
        { path: at(id, '/items'), query: { ...query, limit: RECORDS_PER_PAGE }, signal },
        'items',
      ),
    errors: (id: string, options: CallOptions = {}) =>
      call<CrawlErrors>({ path: at(id, '/errors'), ...options }),
    /**
     * What differs between the run with this id and the former one, or the run `from`. The server reads all
     * records of both.
     */
    changes: (id: string, { signal, ...query }: ChangesQuery & CallOptions = {}) =>
      call<RunDifference>({ ...{ path: at(id, '/changes'), query: { ...query }, patient: true, signal } }),
  };
}
