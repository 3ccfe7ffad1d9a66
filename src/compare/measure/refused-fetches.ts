// The argument `fetch` of a measured handler. It would reach hosts past the limits that compare keeps, so it
// fails, and so does its page, even when the handler catches that: its figures would not be those of a crawl.
import { type Failure, failure } from '../../errors.ts';
import type { HandlerResult } from '../../handlers/failed-by.ts';
import { type FetchForPage, failedFetch } from '../../handlers/fetch/wanted.ts';
import type { Calls } from '../../handlers/threads/threaded-page.ts';

/** Of one page. */
export class RefusedFetches {
  #refused: Failure | null = null;

  /** For a handler in this thread. */
  readonly fetchForPage: FetchForPage = async ({ url }) => failedFetch(this.#refuse(url));

  /** For a handler on a thread of the pool. */
  readonly calls: Calls = {
    fetchBegin: async (given) => {
      throw this.#refuse((given as { wanted: { url: string } }).wanted.url);
    },
  };

  /** The result of the page, which is an error if its handler fetched something. */
  resultOf(result: HandlerResult): HandlerResult {
    return this.#refused ? { kind: 'failed', failure: this.#refused, afterMs: 0 } : result;
  }

  #refuse(url: string): Failure {
    this.#refused ??= failure('E_HANDLER_FETCH', `drover compare measures no fetches of handlers (${url}).`);
    return this.#refused;
  }
}
