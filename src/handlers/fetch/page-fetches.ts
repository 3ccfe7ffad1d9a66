// The argument `fetch` of a handler: checks what is asked for, bounds it, ends it with its page, and makes a
// page of the answer or an error of what went wrong.
import { type Failure, failure } from '../../errors.ts';
import { normalizeUrl, type UrlRules } from '../../url/normalize.ts';
import { HandledPage } from '../page.ts';
import { FetchError, HandlerFault } from '../verdicts.ts';
import { type FetchForPage, type FetchInit, initSchema, type WantedFetch } from './wanted.ts';

/** Of one page. */
export const MOST_FETCHES = 100;

export interface PageFetchParts {
  /** The name of the handler. */
  readonly handler: string;
  readonly page: Pick<HandledPage, 'url'>;
  readonly urlRules: UrlRules;
  readonly fetchForPage: FetchForPage;
  /** When the time of the page is over, by performance.now(). */
  readonly deadlineAt: number;
}

/** The fetches of one page. */
export class PageFetches {
  readonly #parts: PageFetchParts;
  readonly #abort = new AbortController();
  /** Those under way, by what was asked for. */
  readonly #running = new Map<{ url: string }, Promise<HandledPage>>();
  #count = 0;

  constructor(parts: PageFetchParts) {
    this.#parts = parts;
  }

  /** Throws a HandlerFault (E_HANDLER_LIMIT) for one too many. Rejects with a FetchError. */
  add(url: string | URL, init: FetchInit = {}): Promise<HandledPage> {
    if (++this.#count > MOST_FETCHES)
      throw new HandlerFault(failure('E_HANDLER_LIMIT', `A page may fetch ${MOST_FETCHES} times.`));
    const own = { url: String(url) };
    const fetching = this.#fetch(own, init);
    this.#running.set(own, fetching);
    return fetching;
  }

  /** Ends those under way. Returns their URLs. */
  close(reason: unknown): string[] {
    // Nobody waits for them any more.
    for (const fetching of this.#running.values()) fetching.catch(() => undefined);
    this.#abort.abort(reason);
    return Array.from(this.#running.keys(), ({ url }) => url);
  }

  /** Whoever awaits it is the only one: so the stack of an error leads into the user's file. */
  async #fetch(own: { url: string }, init: FetchInit): Promise<HandledPage> {
    const { urlRules, fetchForPage, deadlineAt } = this.#parts;
    const { signal } = this.#abort;
    // The handler goes on to its first wait, where its page gives back its permit.
    await null;
    try {
      const wanted = this.#checked(own.url, init);
      if ('code' in wanted) throw this.#error(own.url, wanted);
      const outcome = await fetchForPage(wanted, { signal, deadlineAt });
      signal.throwIfAborted();
      if (outcome.kind === 'failed')
        throw this.#error(`${wanted.method ?? 'GET'} ${wanted.url}`, outcome.failure, outcome.afterMs);
      const { finalUrl, status, headers, body } = outcome.answer;
      return new HandledPage({ url: finalUrl, status, headers, body, urlRules });
    } finally {
      this.#running.delete(own);
    }
  }

  #checked(text: string, init: unknown): WantedFetch | Failure {
    const { page, urlRules } = this.#parts;
    const spelled = normalizeUrl(text, { ...urlRules, base: page.url });
    if ('failure' in spelled) return spelled.failure;
    const parsed = initSchema.safeParse(init);
    if (parsed.success) return { ...parsed.data, url: spelled.url };
    const [issue] = parsed.error.issues;
    const field = issue?.path.join('.') || 'what it is given';
    return failure('E_REQUEST_INVALID', `${field}: ${issue?.message ?? 'wrong'}.`);
  }

  #error(what: string, cause: Failure, afterMs = 0): FetchError {
    return new FetchError(`${this.#parts.handler}: fetch of ${what}`, cause, afterMs);
  }
}
