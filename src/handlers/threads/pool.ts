// The pool on which blocking handlers run: as many pages at a time as there are threads, the others wait in
// their order.
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import type { Settings } from '../../config/settings.ts';
import { failure } from '../../errors.ts';
import { HANDLER_TIMEOUT_MS, type Handler, type HandlerLog } from '../define.ts';
import type { HandlerResult } from '../failed-by.ts';
import { Children } from './children.ts';
import type { PageTask, StrayError } from './messages.ts';
import type { Runtime } from './runtime.ts';
import { type Calls, runOnThread, type ThreadedEnd } from './threaded-page.ts';
import { Threads } from './threads.ts';

/** A page goes to this many threads at most, if they end before its handler begins. */
const MOST_TRIES = 3;

export interface ThreadPoolOptions {
  /** Files with handlers; the others cannot be on a thread. A relative path belongs to `directory`. */
  readonly files: readonly string[];
  readonly directory?: string;
  /** 'process': child processes in place of threads. */
  readonly isolate?: 'process' | undefined;
  /** How many pages run at a time. */
  readonly threads: number;
  /** What one thread may use, its buffers included, in MiB. */
  readonly memoryMb: number;
  /** An error came after its page had ended. */
  readonly onStray?: (stray: StrayError) => void;
  /** A thread was ended and another took its place. */
  readonly onReplaced?: () => void;
}

/** What the settings say of threads. */
export function threadsOf({ threads, threadMemory }: Pick<Settings, 'threads' | 'threadMemory'>) {
  return {
    threads: threads ?? Math.max(1, availableParallelism() - 1),
    memoryMb: Math.round(threadMemory / 1024 ** 2),
  };
}

/** A page for the pool. */
export interface PooledRun extends Omit<PageTask, 'page' | 'handler'> {
  readonly handler: Pick<Handler, 'name' | 'timeoutMs'>;
  readonly log: HandlerLog;
  /** Aborted when the page no longer belongs to this process. Its reason is then thrown. */
  readonly signal: AbortSignal;
  /** What the handler may ask of this process. */
  readonly calls?: Calls;
}

interface WaitingPage {
  readonly run: PooledRun;
  readonly result: PromiseWithResolvers<HandlerResult>;
  tries: number;
}

export class ThreadPool {
  readonly #options: ThreadPoolOptions;
  readonly #waiting: WaitingPage[] = [];
  #runtime: Runtime | null = null;
  #busy = 0;
  #pages = 0;
  #isClosed = false;

  /** No thread is started before the first page. */
  constructor(options: ThreadPoolOptions) {
    this.#options = options;
  }

  /** Pages that run now, and pages that wait for a thread. */
  counts(): { busy: number; waiting: number } {
    return { busy: this.#busy, waiting: this.#waiting.length };
  }

  /**
   * Runs the handler on a thread, as soon as one is free. What the handler does wrong is in the result, and
   * so is what ends its thread: E_HANDLER_THREAD, E_HANDLER_MEMORY, E_HANDLER_TIMEOUT. Rejects only when
   * `signal` is aborted, or when the pool is closed.
   */
  run(run: PooledRun): Promise<HandlerResult> {
    const result = Promise.withResolvers<HandlerResult>();
    if (run.signal.aborted || this.#isClosed) {
      result.reject(run.signal.reason ?? failure('E_LOCK_LOST', 'The consumer stopped.'));
      return result.promise;
    }
    const page: WaitingPage = { run, result, tries: 0 };
    const onLost = () => {
      const place = this.#waiting.indexOf(page);
      if (place >= 0) this.#waiting.splice(place, 1);
      result.reject(run.signal.reason);
    };
    run.signal.addEventListener('abort', onLost, { once: true });
    this.#waiting.push(page);
    this.#next();
    return result.promise.finally(() => run.signal.removeEventListener('abort', onLost));
  }

  /** Ends all threads. Pages that still run or wait are lost to this process. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const stopped = failure('E_LOCK_LOST', 'The consumer stopped.');
    for (const { result } of this.#waiting.splice(0)) result.reject(stopped);
    await this.#runtime?.close();
  }

  #next(): void {
    while (this.#busy < this.#options.threads && !this.#isClosed) {
      const page = this.#waiting.shift();
      if (!page) return;
      void this.#begin(page);
    }
  }

  async #begin(page: WaitingPage): Promise<void> {
    const { handler, log, signal, calls, answer, request, urlRules } = page.run;
    this.#busy++;
    page.tries++;
    this.#runtime ??= this.#start();
    const { ended, free } = runOnThread(this.#runtime, {
      task: { page: ++this.#pages, handler: handler.name, answer, request, urlRules },
      timeoutMs: handler.timeoutMs ?? HANDLER_TIMEOUT_MS,
      memoryMb: this.#options.memoryMb,
      ...{ log, signal, calls },
    });
    ended.then((end) => this.#ended(page, end), page.result.reject);
    const { isReplaced } = await free;
    if (isReplaced && !this.#isClosed) this.#options.onReplaced?.();
    this.#busy--;
    this.#next();
  }

  #ended(page: WaitingPage, end: ThreadedEnd): void {
    if (end.kind !== 'unstarted') {
      page.result.resolve(end);
    } else if (page.tries < MOST_TRIES && !this.#isClosed) {
      // The page is not to blame for a thread that ended before.
      this.#waiting.unshift(page);
    } else {
      const why = failure('E_HANDLER_THREAD', `${page.run.handler.name} did not begin: ${end.why}`);
      page.result.resolve({ kind: 'failed', failure: why, afterMs: 0 });
    }
  }

  #start(): Runtime {
    const { files, directory = process.cwd(), isolate, threads, memoryMb, onStray } = this.#options;
    const setUp = {
      files: files.map((file) => resolve(directory, file)),
      keptBytes: (memoryMb * 1024 * 1024) / 2,
    };
    const hearStray = (stray: StrayError) => onStray?.(stray);
    if (isolate === 'process') return new Children(setUp, { memoryMb, hearStray });
    return new Threads(setUp, { threads, memoryMb, hearStray });
  }
}
