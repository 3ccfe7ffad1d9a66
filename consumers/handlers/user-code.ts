// The user's handlers in one consumer: loaded, given room, and watched.
import type { Settings } from '../../src/config/settings.ts';
import { createHandlerChoice } from '../../src/handlers/choose.ts';
import { loadHandlers } from '../../src/handlers/load.ts';
import { describeError } from '../../src/handlers/user-code.ts';
import { HandlerWatch } from '../../src/handlers/watch.ts';
import type { Log } from '../../src/log.ts';
import type { ConsumerContext } from '../context.ts';
import { createHandlerRoom } from './handler-room.ts';

export type UserCode = Pick<ConsumerContext, 'handlers' | 'handlerRoom' | 'handlerWatch'>;

/** Throws E_HANDLER_FILE and E_SETTING. `say` prints a line for the user. */
export async function openHandlers(
  { handlers: given, concurrency }: Pick<Settings, 'handlers' | 'concurrency'>,
  log: Log,
  say: (line: string) => void,
): Promise<UserCode> {
  const handlerRoom = createHandlerRoom(concurrency);
  const loaded = await loadHandlers(given);
  if (loaded.length === 0) return { handlers: null, handlerRoom, handlerWatch: null };
  return { handlers: createHandlerChoice(loaded), handlerRoom, handlerWatch: createHandlerWatch(log, say) };
}

/** Says, in the log and to the user, which handler blocks the event loop and which has uncaught errors. */
function createHandlerWatch(log: Log, warn: (line: string) => void): HandlerWatch {
  const say = (line: string, fields: Record<string, unknown>) => {
    log.warn(fields, line);
    warn(line);
  };
  return new HandlerWatch({
    blocked(runs, blockedMs) {
      const ms = Math.round(blockedMs);
      const [first, ...others] = runs.map(({ handler, url }) => `${handler} on ${url}`);
      const more = others.length > 0 ? ` or one of ${others.length} others that ran then` : '';
      say(
        `handler ${first}${more} blocked the event loop for ${ms} ms, and all other requests with it: compute less between two awaits, or give the work to more processes (--processes)`,
        { handler: runs[0]?.handler, url: runs[0]?.url, ms },
      );
    },
    stray({ handler, url }, error) {
      say(`handler ${handler} on ${url} failed after its page had ended: ${describeError(error)}`, {
        handler,
        url,
      });
    },
  });
}
