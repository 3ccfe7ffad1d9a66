// The threads and child processes of one consumer, for its blocking handlers.
import type { Settings } from '../../src/config/settings.ts';
import { DroverError } from '../../src/errors.ts';
import { type Handler, isBlocking } from '../../src/handlers/define.ts';
import type { HandlerResult } from '../../src/handlers/failed-by.ts';
import type { StrayError } from '../../src/handlers/threads/messages.ts';
import { type PooledRun, ThreadPool, threadsOf } from '../../src/handlers/threads/pool.ts';

export interface HandlerThreads {
  /** Runs a blocking handler. Rejects only when the page is lost to this process. */
  run(page: PooledRun & { handler: Handler }): Promise<HandlerResult>;
  /** Pages that run on threads now, and pages that wait for one. */
  counts(): { busy: number; waiting: number };
  /** Ends all threads and child processes. */
  close(): Promise<void>;
}

/**
 * Null when no handler is blocking. Throws E_HANDLER_FILE for a blocking handler that is no file's: a thread
 * loads its handlers from files. `onReplaced`: a thread was ended, and another took its place.
 */
export function openHandlerThreads(
  handlers: readonly Handler[],
  settings: Pick<Settings, 'handlers' | 'threads' | 'threadMemory'>,
  on: { onStray: (stray: StrayError) => void; onReplaced: () => void },
): HandlerThreads | null {
  const blocking = handlers.filter(isBlocking);
  if (blocking.length === 0) return null;
  const given = blocking.find((handler) => settings.handlers.includes(handler));
  if (given)
    throw new DroverError(
      'E_HANDLER_FILE',
      `handlers: ${given.name} is blocking, and a thread loads its handlers from files. Give the path of its file instead of the object.`,
    );
  const files = settings.handlers.filter((one) => typeof one === 'string');
  const options = { files, ...threadsOf(settings), ...on };
  const threads = new ThreadPool(options);
  const children = new ThreadPool({ ...options, isolate: 'process' });
  return {
    run: (page) => (page.handler.isolate ? children : threads).run(page),
    counts() {
      const [one, other] = [threads.counts(), children.counts()];
      return { busy: one.busy + other.busy, waiting: one.waiting + other.waiting };
    },
    async close() {
      await Promise.all([threads.close(), children.close()]);
    },
  };
}
