// The user's handlers in one consumer: loaded, given threads, and watched.
import type { Settings } from '../../src/config/settings.ts';
import { createHandlerChoice } from '../../src/handlers/choose.ts';
import { loadHandlers } from '../../src/handlers/load.ts';
import type { StrayError } from '../../src/handlers/threads/messages.ts';
import { describeError } from '../../src/handlers/user-code.ts';
import { HandlerWatch, type WatchedRun } from '../../src/handlers/watch.ts';
import type { Log } from '../../src/log.ts';
import type { ConsumerContext } from '../context.ts';
import { openHandlerThreads } from './handler-threads.ts';

export type UserCode = Pick<ConsumerContext, 'handlers' | 'handlerWatch' | 'handlerThreads'>;

type HandlerSettings = Pick<Settings, 'handlers' | 'concurrency' | 'threads' | 'threadMemory'>;

/**
 * Throws E_HANDLER_FILE and E_SETTING. `say` prints a line for the user. `onReplaced`: a thread was replaced.
 */
export async function openHandlers(
  settings: HandlerSettings,
  log: Log,
  { say, onReplaced }: { say: (line: string) => void; onReplaced: () => void },
): Promise<UserCode> {
  const loaded = await loadHandlers(settings.handlers);
  if (loaded.length === 0) return { handlers: null, handlerWatch: null, handlerThreads: null };
  const reports = createHandlerReports(log, say);
  return {
    handlers: createHandlerChoice(loaded),
    handlerWatch: new HandlerWatch(reports),
    handlerThreads: openHandlerThreads(loaded, settings, { onStray: reports.strayText, onReplaced }),
  };
}

/** Says, in the log and to the user, which handler blocks the event loop and which has uncaught errors. */
function createHandlerReports(log: Log, warn: (line: string) => void) {
  const say = (line: string, fields: Record<string, unknown>) => {
    log.warn(fields, line);
    warn(line);
  };
  const strayText = ({ handler, url, error }: StrayError) =>
    say(`handler ${handler} on ${url} failed after its page had ended: ${error}`, { handler, url });
  return {
    blocked(runs: readonly WatchedRun[], blockedMs: number) {
      const ms = Math.round(blockedMs);
      const [first, ...others] = runs.map(({ handler, url }) => `${handler} on ${url}`);
      const more = others.length > 0 ? ` or one of ${others.length} others that ran then` : '';
      say(
        `handler ${first}${more} blocked the event loop for ${ms} ms, and all other requests with it: run it on a thread, with blocking: true`,
        { handler: runs[0]?.handler, url: runs[0]?.url, ms },
      );
    },
    stray({ handler, url }: WatchedRun, error: unknown) {
      strayText({ handler, url, error: describeError(error) });
    },
    strayText,
  };
}
