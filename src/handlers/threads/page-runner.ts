// The thread's side, in a thread and in a child process alike: loads the handlers, and runs them on the pages
// that come.

import { DroverError, failure } from '../../errors.ts';
import { boundedLog } from '../bounded-log.ts';
import type { Handler } from '../define.ts';
import { loadHandlers } from '../load.ts';
import { HandledPage } from '../page.ts';
import { runHandler } from '../run.ts';
import { describeError } from '../user-code.ts';
import { HandlerWatch } from '../watch.ts';
import type { FromThread, PageReply, PageTask, ThreadSetUp, ToThread } from './messages.ts';
import { RemoteCalls } from './remote-calls.ts';
import { ThreadFetches } from './thread-fetches.ts';

interface RunningPage {
  readonly page: number;
  readonly lost: AbortController;
  readonly calls: RemoteCalls;
}

/** One for each thread. It runs one page at a time. */
export class PageRunner {
  readonly #setUp: ThreadSetUp;
  readonly #tell: (message: FromThread) => void;
  readonly #usedBytes: () => number;
  readonly #watch: HandlerWatch;
  readonly #fetches = new ThreadFetches();
  #handlers: Promise<Map<string, Handler>> | null = null;
  #running: RunningPage | null = null;
  /** What drover and the files of the handlers take. */
  #baseBytes = 0;

  /**
   * `tell` sends a message to the consumer. It throws for what cannot be copied. `usedBytes`: the memory that
   * is in use now.
   */
  constructor(setUp: ThreadSetUp, tell: (message: FromThread) => void, usedBytes: () => number) {
    this.#setUp = setUp;
    this.#tell = tell;
    this.#usedBytes = usedBytes;
    this.#watch = new HandlerWatch({
      blocked: () => undefined,
      stray: ({ handler, url }, error) => tell({ kind: 'stray', handler, url, error: describeError(error) }),
    });
    this.#watch.start();
  }

  async run(task: PageTask): Promise<PageReply> {
    const { page, answer, request, urlRules } = task;
    const { handler, why } = await this.#handlerOf(task);
    const running = { page, lost: new AbortController(), calls: new RemoteCalls(page, this.#tell) };
    this.#running = running;
    this.#tell({ kind: 'started', page, baseBytes: this.#baseBytes });
    if (handler === null) return { result: { kind: 'failed', failure: why, afterMs: 0 }, isLast: true };
    try {
      const result = await runHandler({
        handler,
        page: new HandledPage({ ...answer, urlRules }),
        request,
        urlRules,
        log: boundedLog((level, message, fields) =>
          this.#tell({ kind: 'log', page, level, message, fields }),
        ),
        signal: running.lost.signal,
        fetchForPage: this.#fetches.forPage(running.calls),
        watch: this.#watch,
      });
      const isTimeOver = result.kind === 'failed' && result.failure.code === 'E_HANDLER_TIMEOUT';
      return { result, isLast: isTimeOver || this.#keepsTooMuch() };
    } catch {
      return { result: { kind: 'lost' }, isLast: true };
    } finally {
      this.#running = null;
    }
  }

  #keepsTooMuch(): boolean {
    return this.#usedBytes() - this.#baseBytes > this.#setUp.keptBytes;
  }

  hear(message: ToThread): void {
    const running = this.#running;
    if (running?.page !== message.page) return;
    if (message.kind === 'lost') running.lost.abort(failure('E_LOCK_LOST'));
    if (message.kind === 'answer') running.calls.answered(message.call, message.answer);
  }

  async #handlerOf(task: PageTask) {
    try {
      this.#handlers ??= loadHandlers(this.#setUp.files).then(
        (handlers) => new Map(handlers.map((handler) => [handler.name, handler])),
      );
      const handlers = await this.#handlers;
      this.#baseBytes ||= this.#usedBytes();
      const handler = handlers.get(task.handler) ?? null;
      const why = failure('E_HANDLER_THREAD', `The files of the handlers have no ${task.handler} any more.`);
      return { handler, why };
    } catch (error) {
      const reason = error instanceof DroverError ? error.detail : describeError(error);
      const detail = `${task.handler} could not be loaded: ${reason}`;
      return { handler: null, why: failure('E_HANDLER_THREAD', detail) };
    }
  }
}
