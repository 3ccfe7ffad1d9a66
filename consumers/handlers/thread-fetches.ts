// What a thread may ask its consumer for while a handler fetches there: the slots are held here.
import { setTimeout as sleep } from 'node:timers/promises';
import { failure } from '../../src/errors.ts';
import type { FetchCalls } from '../../src/handlers/fetch/remote.ts';
import type { FetchRefusal } from '../../src/handlers/fetch/wanted.ts';
import type { Calls } from '../../src/handlers/threads/threaded-page.ts';
import type { FetchResult } from '../../src/outcome.ts';
import { hostPortOf } from '../../src/url/host.ts';
import type { ActiveJob, ConsumerContext } from '../context.ts';
import { type FetchNote, HandlerGate, noteFetched, requestOf } from './handler-fetch.ts';

/** How often it is looked whether a start still holds: before it was made, and after. */
const LOOK_MS = 10;
const LOOK_STARTED_MS = 250;

interface OpenFetch {
  readonly gate: HandlerGate;
  readonly url: string;
  readonly over: AbortController;
  /** Counts the starts that were given. */
  starts: number;
  hasStarted: boolean;
  note: FetchNote;
}

type Given<Name extends keyof FetchCalls> = Parameters<FetchCalls[Name]>[0];
type Answers = {
  [Name in keyof FetchCalls]: (
    given: Given<Name>,
    page: AbortSignal,
  ) => ReturnType<FetchCalls[Name]> | Promise<ReturnType<FetchCalls[Name]>>;
};

/** The calls of one page. When the page is over, however that came, all that its fetches hold goes back. */
export function fetchCalls(context: ConsumerContext, job: ActiveJob, pageUrl: string): Calls {
  const answers: Answers = new ThreadPageFetches(context, job, pageUrl);
  const names = ['Begin', 'Enter', 'Watch', 'Started', 'SeedHost', 'Ended', 'Over'] as const;
  return Object.fromEntries(
    names.map((name) => [
      `fetch${name}`,
      async (given: unknown, page: AbortSignal) => answers[`fetch${name}`](given as never, page),
    ]),
  );
}

class ThreadPageFetches implements Answers {
  readonly #context: ConsumerContext;
  readonly #job: ActiveJob;
  readonly #pageUrl: string;
  readonly #open = new Map<number, OpenFetch>();
  #count = 0;

  constructor(context: ConsumerContext, job: ActiveJob, pageUrl: string) {
    this.#context = context;
    this.#job = job;
    this.#pageUrl = pageUrl;
  }

  fetchBegin({ wanted, leftMs }: Given<'fetchBegin'>, page: AbortSignal) {
    const fetch = ++this.#count;
    const over = new AbortController();
    const limits = { signal: over.signal, deadlineAt: performance.now() + leftMs };
    const gate = new HandlerGate(this.#context, this.#job, { ...limits, url: wanted.url, count: fetch });
    const note: FetchNote = { kind: 'failed', failure: failure('E_HANDLER_SLOT') };
    this.#open.set(fetch, { gate, url: wanted.url, over, starts: 0, hasStarted: false, note });
    page.addEventListener('abort', () => this.fetchOver({ fetch }), { once: true });
    const { allow, ...request } = requestOf(this.#job, wanted, this.#pageUrl);
    return {
      ...{ fetch, request, fetcher: this.#context.fetcherOptions },
      allow: { cidrs: allow.cidrs, ports: allow.ports ?? [], hosts: [...allow.hosts] },
      wantsBody: this.#job.loadedCrawl.settings.purpose.length > 0,
    };
  }

  async fetchEnter({ fetch, url, redirect }: Given<'fetchEnter'>) {
    const open = this.#openFetch(fetch);
    const refused = await open.gate.enter(url, redirect);
    if (refused) open.note = refused;
    open.starts++;
    open.hasStarted = false;
    const hostPort = hostPortOf(url);
    const isSeed = this.#job.loadedCrawl.seedHosts.has(hostPort);
    return { refused, seedHost: isSeed ? hostPort : null };
  }

  async fetchWatch({ fetch }: Given<'fetchWatch'>) {
    const open = this.#openFetch(fetch);
    const { starts, gate, over } = open;
    while (open.starts === starts && !over.signal.aborted) {
      if (gate.signal.aborted) return 'lapsed';
      if (!open.hasStarted && !gate.mayStart()) return 'held';
      await sleep(open.hasStarted ? LOOK_STARTED_MS : LOOK_MS);
    }
    return 'over';
  }

  fetchStarted({ fetch }: Given<'fetchStarted'>): void {
    const open = this.#open.get(fetch);
    if (!open) return;
    open.hasStarted = true;
    open.gate.started();
  }

  async fetchSeedHost({ hostPort }: Given<'fetchSeedHost'>): Promise<boolean> {
    return this.#context.loadedCrawls.isSeedHost(this.#job.loadedCrawl, hostPort);
  }

  fetchEnded({ fetch, result, ageMs }: Given<'fetchEnded'>): FetchRefusal | null {
    const open = this.#openFetch(fetch);
    const refused = open.gate.ended(result, ageMs);
    open.starts++; // nobody needs to watch it any more
    open.note = refused ?? noteOf(result);
    return refused;
  }

  fetchOver({ fetch }: Given<'fetchOver'>): void {
    const open = this.#open.get(fetch);
    if (!open) return;
    this.#open.delete(fetch);
    open.over.abort();
    open.gate.release();
    noteFetched(this.#context, this.#job, open.url, open.note);
  }

  #openFetch(fetch: number): OpenFetch {
    const open = this.#open.get(fetch);
    if (!open) throw new Error(`fetch ${fetch} is over`);
    return open;
  }
}

function noteOf(result: FetchResult): FetchNote {
  return result.ok ? { kind: 'answer', answer: result.answer } : { kind: 'failed', failure: result.failure };
}
