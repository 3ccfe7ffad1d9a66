// One page on a thread, seen from the consumer: its time limit, its memory, its messages, and how it ends.
import { type Failure, failure, isFailure } from '../../errors.ts';
import type { HandlerLog } from '../define.ts';
import type { HandlerResult } from '../failed-by.ts';
import { LOAD_LIMIT_MS } from '../load.ts';
import { timeoutOf } from '../run.ts';
import type { CallAnswer, FromThread, PageTask } from './messages.ts';
import { type BegunPage, type Runtime, ThreadEnd } from './runtime.ts';

/** How long a handler may still clean up after its signal was aborted. */
const GRACE_MS = 200;
/**
 * How long a thread may take to start, load the handlers and begin: a busy machine needs half a minute, and
 * the loading has a limit of its own. A thread that does not begin because a former page left an endless loop
 * behind is ended after this time.
 */
const START_MS = LOAD_LIMIT_MS + 15_000;
/** How often the memory of a thread is looked at while it runs a page. */
const LOOK_MS = 50;

/** What a thread may ask of its consumer while it runs a page: by name, with plain data both ways. */
export type Calls = Readonly<Record<string, (args: unknown, signal: AbortSignal) => Promise<unknown>>>;

export interface ThreadedPage {
  readonly task: PageTask;
  readonly timeoutMs: number;
  readonly memoryMb: number;
  readonly log: HandlerLog;
  /** Aborted when the page no longer belongs to this process. */
  readonly signal: AbortSignal;
  readonly calls?: Calls;
}

/** How a page ended on a thread. unstarted: the thread ended before the handler began. */
export type ThreadedEnd = HandlerResult | { readonly kind: 'unstarted'; readonly why: string };

/**
 * Runs the page. `ended` resolves as soon as its end is known, and rejects with the reason of `signal` when
 * that is aborted. `free` resolves when the thread, or its successor, may have another page; with whether it
 * was replaced.
 */
export function runOnThread(
  runtime: Runtime,
  given: ThreadedPage,
): { ended: Promise<ThreadedEnd>; free: Promise<{ isReplaced: boolean }> } {
  const page = new WatchedPage(runtime, given);
  return { ended: page.ended, free: page.run() };
}

class WatchedPage {
  readonly #given: ThreadedPage;
  readonly #begun: BegunPage;
  readonly #ended = Promise.withResolvers<ThreadedEnd>();
  readonly #over = new AbortController();
  #timer: NodeJS.Timeout;
  #look: NodeJS.Timeout | undefined;
  #hasStarted = false;
  /** Why we ended the thread. */
  #reason: Failure | null = null;

  constructor(runtime: Runtime, given: ThreadedPage) {
    this.#given = given;
    this.#begun = runtime.begin(given.task, (message) => this.#hear(message));
    this.#timer = setTimeout(() => this.#begun.end(), START_MS);
    this.#ended.promise.catch(() => undefined);
  }

  get ended(): Promise<ThreadedEnd> {
    return this.#ended.promise;
  }

  async run(): Promise<{ isReplaced: boolean }> {
    const { signal, task } = this.#given;
    const onLost = () => {
      this.#ended.reject(signal.reason);
      this.#begun.tell({ kind: 'lost', page: task.page });
      this.#endAfter(GRACE_MS, failure('E_LOCK_LOST'));
    };
    signal.addEventListener('abort', onLost, { once: true });
    if (signal.aborted) onLost();
    try {
      const { result, isLast } = await this.#begun.reply;
      if (result.kind !== 'lost') this.#ended.resolve(result);
      if (isLast) await this.#letGo();
      return { isReplaced: isLast };
    } catch (error) {
      this.#ended.resolve(this.#endOf(error));
      return { isReplaced: true };
    } finally {
      signal.removeEventListener('abort', onLost);
      clearTimeout(this.#timer);
      clearInterval(this.#look);
      this.#over.abort();
    }
  }

  /** What the page left behind gets a short time to clean up. */
  async #letGo(): Promise<void> {
    await new Promise((after) => setTimeout(after, GRACE_MS));
    this.#begun.end();
  }

  #endOf(error: unknown): ThreadedEnd {
    const { handler } = this.#given.task;
    const { message } = error as Error;
    if (this.#reason) return { kind: 'failed', failure: this.#reason, afterMs: 0 };
    if (!this.#hasStarted) return { kind: 'unstarted', why: message };
    const isMemory = error instanceof ThreadEnd && error.isOutOfMemory;
    const why = isMemory ? this.#outOfMemory() : failure('E_HANDLER_THREAD', `${handler}: ${message}`);
    return { kind: 'failed', failure: why, afterMs: 0 };
  }

  #outOfMemory(): Failure {
    const { task, memoryMb } = this.#given;
    return failure('E_HANDLER_MEMORY', `${task.handler} may use ${memoryMb} MiB.`);
  }

  #hear(message: FromThread): void {
    switch (message.kind) {
      case 'started':
        this.#start(message.baseBytes);
        break;
      case 'log':
        this.#given.log[message.level](message.message, message.fields);
        break;
      case 'call':
        void this.#answer(message);
        break;
      case 'stray':
      case 'reply':
        break; // the runtime takes them
      default:
        message satisfies never;
    }
  }

  #start(baseBytes: number): void {
    const { timeoutMs, task } = this.#given;
    this.#hasStarted = true;
    clearTimeout(this.#timer);
    // The thread ends a handler that awaits by itself. This is for one that computes.
    this.#endAfter(timeoutMs + GRACE_MS, timeoutOf(task.handler, timeoutMs));
    this.#look = setInterval(() => void this.#lookAtMemory(baseBytes), LOOK_MS);
  }

  #endAfter(ms: number, reason: Failure): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#end(reason), ms);
  }

  #end(reason: Failure): void {
    this.#reason ??= reason;
    this.#begun.end();
  }

  async #lookAtMemory(baseBytes: number): Promise<void> {
    const used = await this.#begun.usedBytes();
    if (used === null || this.#over.signal.aborted) return;
    if (used - baseBytes > this.#given.memoryMb * 1024 * 1024) this.#end(this.#outOfMemory());
  }

  async #answer({ page, call, name, args }: Extract<FromThread, { kind: 'call' }>): Promise<void> {
    let answer: CallAnswer;
    try {
      const offered = this.#given.calls?.[name];
      if (!offered) throw new Error(`the consumer offers no call ${name}`);
      answer = { value: await offered(args, this.#over.signal) };
    } catch (error) {
      answer = isFailure(error) ? { failure: error } : { error: (error as Error).message };
    }
    if (!this.#over.signal.aborted) this.#begun.tell({ kind: 'answer', page, call, answer });
  }
}
