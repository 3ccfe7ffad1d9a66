// The lane of a hybrid run: fetches on the event loop of this process, handlers on the pool of a consumer.
import { failure } from '../../errors.ts';
import { silentLog } from '../../handlers/test-handler.ts';
import { ThreadPool } from '../../handlers/threads/pool.ts';
import { urlRulesOf } from '../../url/normalize.ts';
import { type FetchedPage, Lane, type LaneParts, loadLimited, shownRequest } from './lane.ts';
import { RefusedFetches } from './refused-fetches.ts';

const THREAD_MEMORY_MB = 512;

export class HybridLane {
  readonly #lane: Lane;
  /** Replaced for each run. Aborting it takes the pages of the run from the pool. */
  #lost = new AbortController();
  #running: Promise<void> | null = null;

  private constructor(make: (lost: () => AbortSignal) => Lane) {
    this.#lane = make(() => this.#lost.signal);
  }

  /** Throws E_HANDLER_FILE. The threads of the pool start with the first page, and stay. */
  static async open({
    threads,
    ...parts
  }: Pick<LaneParts, 'setUp' | 'onPage' | 'ask'> & { threads: number }): Promise<HybridLane> {
    const { handlerFiles, pageLimitMs, settings } = parts.setUp;
    const handlers = await loadLimited(handlerFiles, pageLimitMs);
    const urlRules = urlRulesOf(settings);
    const pool = new ThreadPool({ files: handlerFiles, threads, memoryMb: THREAD_MEMORY_MB });
    return new HybridLane((lost) => {
      const handle = async ({ handler, page, answer, findings }: FetchedPage) => {
        const fetches = new RefusedFetches();
        const result = await pool.run({
          ...{ handler, urlRules, log: silentLog, signal: lost(), request: shownRequest(page) },
          answer: { ...answer, url: answer.finalUrl, findings },
          calls: fetches.calls,
        });
        return fetches.resultOf(result);
      };
      return new Lane({ ...parts, handle, connections: 10_000 }, handlers);
    });
  }

  start(concurrency: number): void {
    this.#lost = new AbortController();
    const running = this.#lane.run({ first: 0, step: 1, concurrency }).finally(() => {
      if (this.#running === running) this.#running = null;
    });
    this.#running = running;
  }

  stop(): void {
    this.#lane.stop();
  }

  isBusy(): boolean {
    return this.#running !== null;
  }

  /** Gives up the pages that still wait for a thread or run on one. */
  end(): void {
    this.#lost.abort(failure('E_LOCK_LOST', 'The run has ended.'));
  }
}
