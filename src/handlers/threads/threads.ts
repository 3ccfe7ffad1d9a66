// Threads for handlers, of piscina. Each has a port of its own beside, for messages while it runs a page.
import { createRequire } from 'node:module';
import { MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import type { Piscina } from 'piscina';
import { describeError } from '../user-code.ts';
import type { FromThread, PageReply, PageTask, StrayError, ThreadSetUp } from './messages.ts';
import { type BegunPage, type Runtime, ThreadEnd } from './runtime.ts';
import type { ThreadHello } from './worker.ts';

/**
 * V8 ends the whole process when one allocation goes beyond the limit of a thread. So its limit lies this far
 * above ours, which the consumer watches: the largest array that V8 makes has 1 GiB, and is copied to grow.
 */
const HEADROOM_MB = 4096;

interface PageOnThread {
  readonly task: PageTask;
  readonly hear: (message: FromThread) => void;
  readonly last: PromiseWithResolvers<PageReply>;
  thread: ThreadHello | null;
  exitCode: number | null;
}

/** `threads`: how many there are at most. Each starts when a page finds no other free. */
export class Threads implements Runtime {
  readonly #piscina: Piscina;
  readonly #pages = new Map<number, PageOnThread>();
  readonly #hearStray: (stray: StrayError) => void;
  /** Those that have said hello. What comes from them later is a handler's, which has parentPort too. */
  readonly #welcomed = new WeakSet<object>();

  constructor(
    setUp: ThreadSetUp,
    {
      threads,
      memoryMb,
      hearStray,
    }: { threads: number; memoryMb: number; hearStray: (stray: StrayError) => void },
  ) {
    this.#hearStray = hearStray;
    const ending = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
    const { Piscina: Pool } = createRequire(import.meta.url)('piscina') as typeof import('piscina');
    this.#piscina = new Pool({
      filename: new URL(`./worker.${ending}`, import.meta.url).href,
      minThreads: 1,
      maxThreads: threads,
      idleTimeout: Number.POSITIVE_INFINITY,
      concurrentTasksPerWorker: 1,
      // Otherwise a thread without a page stands still, and with it what a page has left behind.
      atomics: 'disabled',
      recordTiming: false,
      workerData: setUp,
      resourceLimits: { maxOldGenerationSizeMb: memoryMb + HEADROOM_MB },
    });
    this.#piscina.on('message', (message: unknown) => {
      if (isHello(message)) this.#welcome(message);
    });
    // A thread without a page has ended. Piscina replaces it.
    this.#piscina.on('error', () => undefined);
  }

  begin(task: PageTask, hear: (message: FromThread) => void): BegunPage {
    const last = Promise.withResolvers<PageReply>();
    const page: PageOnThread = { task, hear, last, thread: null, exitCode: null };
    this.#pages.set(task.page, page);
    const ending = new AbortController();
    const run = this.#piscina.run(task, { signal: ending.signal }).catch((error: unknown) => {
      throw endOf(error, page);
    });
    // The thread is free when both have come; a last reply comes alone. Only a thread that ends rejects.
    const reply = Promise.race([
      run.then(() => last.promise),
      last.promise.then((it) => (it.isLast ? it : run.then(() => it))),
    ]).finally(() => this.#pages.delete(task.page));
    reply.catch(() => undefined);
    return {
      reply,
      tell: (message) => page.thread?.port.postMessage(message),
      end: () => ending.abort(),
      usedBytes: () => this.#usedBytes(page),
    };
  }

  async close(): Promise<void> {
    await this.#piscina.destroy();
  }

  #welcome(hello: ThreadHello): void {
    const worker = this.#piscina.threads.find(({ threadId }) => threadId === hello.threadId);
    if (!worker || this.#welcomed.has(worker)) return;
    this.#welcomed.add(worker);
    const { port } = hello;
    let page: PageOnThread | undefined;
    const hear = (message: FromThread) => {
      if (message.kind === 'stray') return this.#hearStray(message);
      if (message.kind === 'started') {
        page = this.#pages.get(message.page);
        if (page) page.thread = hello;
      }
      if (page?.task.page !== message.page) return;
      if (message.kind === 'reply') page.last.resolve(message.reply);
      else page.hear(message);
    };
    port.on('message', hear);
    port.unref();
    worker.once('exit', (code) => {
      // What it said before it ended may be still on its way, even that it began the page.
      for (let left = receiveMessageOnPort(port); left; left = receiveMessageOnPort(port)) hear(left.message);
      if (page) page.exitCode = code;
      page?.last.reject(endOf(new Error('It ended.'), page));
      port.close();
    });
  }

  async #usedBytes({ thread }: PageOnThread): Promise<number | null> {
    const worker = this.#piscina.threads.find(({ threadId }) => threadId === thread?.threadId);
    // It rejects when the thread has ended meanwhile.
    const heap = await worker?.getHeapStatistics().catch(() => null);
    return heap ? heap.used_heap_size + heap.external_memory : null;
  }
}

function isHello(message: unknown): message is ThreadHello {
  return (message as Partial<ThreadHello> | null)?.port instanceof MessagePort;
}

function endOf(error: unknown, { exitCode }: PageOnThread): ThreadEnd {
  const { code } = error as { code?: string };
  if (code === 'ERR_WORKER_OUT_OF_MEMORY') return new ThreadEnd('V8 had no more memory for it.', true);
  if (exitCode !== null) return new ThreadEnd(`It called process.exit(${exitCode}).`);
  return new ThreadEnd(describeError(error));
}
