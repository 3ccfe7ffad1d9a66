// The threads and child processes of one consumer, for its blocking handlers.
import { availableParallelism } from 'node:os';
import type { Settings } from '../../src/config/settings.ts';
import { DroverError } from '../../src/errors.ts';
import type { Handler } from '../../src/handlers/define.ts';
import type { HandlerResult } from '../../src/handlers/run.ts';
import type { StrayError } from '../../src/handlers/threads/messages.ts';
import { type PooledRun, ThreadPool } from '../../src/handlers/threads/pool.ts';

export interface HandlerThreads {
  /** Null for a handler that runs on the event loop. Rejects only when the page is lost to this process. */
  run(page: PooledRun & { handler: Handler }): Promise<HandlerResult> | null;
  /** Pages that run on threads now, and pages that wait for one. */
  counts(): { busy: number; waiting: number };
  close(): Promise<void>;
}

/**
 * Null when no handler is blocking. Throws E_HANDLER_FILE for a blocking handler that is no file's: a thread
 * loads its handlers from files.
 */
export function openHandlerThreads(
  handlers: readonly Handler[],
  settings: Pick<Settings, 'handlers' | 'threads' | 'threadMemory'>,
  onStray: (stray: StrayError) => void,
): HandlerThreads | null {
  const blocking = handlers.filter(isBlocking);
  if (blocking.length === 0) return null;
  const given = settings.handlers.find(
    (one) => typeof one === 'object' && blocking.includes(one as Handler),
  ) as Handler | undefined;
  if (given)
    throw new DroverError(
      'E_HANDLER_FILE',
      `handlers: ${given.name} is blocking, and a thread loads its handlers from files. Give the path of its file instead of the object.`,
    );
  const files = settings.handlers.filter((one) => typeof one === 'string');
  const pool = new ThreadPool({
    files,
    threads: settings.threads ?? Math.max(1, availableParallelism() - 1),
    memoryMb: Math.round(settings.threadMemory / 1024 ** 2),
    onStray,
  });
  return {
    run: (page) => (isBlocking(page.handler) ? pool.run(page) : null),
    counts: () => pool.counts(),
    close: () => pool.close(),
  };
}

function isBlocking({ blocking, isolate }: Handler): boolean {
  return blocking === true || isolate !== undefined;
}
