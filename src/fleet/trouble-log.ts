// Tells of calls that fail: the first time at once, then once a minute with how often it was, however often
// it is. On the terminal and in the log alike.
import { catalogue, type DroverError } from '../errors.ts';
import type { Log } from '../log.ts';
import { redisFailure } from '../redis/failures.ts';

export interface TroubleLog {
  /** `what` failed; it is the sentence of the line in the log. `fields` stand in that line. */
  note(error: unknown, what: string, fields?: Record<string, unknown>, level?: 'warn' | 'error'): void;
  /** To be called when a call to Redis succeeded. Says once that an outage is over. */
  redisAnswered(): void;
  /** Writes to the log what was counted and not yet told. Tells nothing more after that. */
  stop(): void;
}

const EVERY_MS = 60_000;
const LOOK_MS = 5000;
/** An outage is over when nothing of its kind has failed for this long. */
const OVER_MS = 3000;
/** What fails with ever new words shares the last entry. */
const MOST_KINDS = 100;

interface Kind {
  toldAt: number;
  notedAt: number;
  /** Since it was told. */
  count: number;
  passes: boolean;
  isOver: boolean;
  tell(count: number): void;
}

/** `say` prints a line for a person; without it, only the log is written. */
export function createTroubleLog(parts: { log: Log; say?: (line: string) => void }): TroubleLog {
  const { log, say = () => undefined } = parts;
  const kinds = new Map<string, Kind>();
  let isStopped = false;

  function count(key: string, passes: boolean, tell: (count: number) => void): void {
    const now = performance.now();
    const name = kinds.has(key) || kinds.size < MOST_KINDS ? key : 'others';
    const kind = kinds.get(name);
    if (!kind) {
      kinds.set(name, { toldAt: now, notedAt: now, count: 0, passes, isOver: false, tell });
      tell(1);
      return;
    }
    Object.assign(kind, { notedAt: now, count: kind.count + 1, isOver: false, tell });
  }

  function look(isLast = false): void {
    const now = performance.now();
    for (const [key, kind] of kinds) {
      if (isLast ? key.startsWith('terminal') : now - kind.toldAt < EVERY_MS) continue;
      if (kind.count > 0) kind.tell(kind.count);
      else kinds.delete(key);
      Object.assign(kind, { toldAt: now, count: 0 });
    }
  }

  const timer = setInterval(look, LOOK_MS).unref();
  return {
    note(error, what, fields = {}, level = 'warn') {
      if (isStopped) return;
      const known = redisFailure(error);
      const passes = known !== null && catalogue[known.code].passes === true;
      const kind = known?.code ?? `${what}: ${(error as Error)?.message}`;
      count(`log ${level} ${kind}`, passes, (times) => {
        const cause = known ? { code: known.code, reason: known.message } : { err: error };
        log[level]({ ...fields, ...cause, ...(times > 1 ? { times } : {}) }, what);
      });
      if (known) count(`terminal ${kind}`, passes, (times) => say(sentence(known, times)));
    },
    redisAnswered() {
      if (kinds.size === 0) return;
      const now = performance.now();
      const over = [...kinds].filter(
        ([, kind]) => kind.passes && !kind.isOver && now - kind.notedAt > OVER_MS,
      );
      for (const [, kind] of over) kind.isOver = true;
      if (over.some(([key]) => key.startsWith('terminal'))) {
        log.info('redis answers again');
        say('Redis answers again.');
      }
    },
    stop() {
      clearInterval(timer);
      look(true);
      isStopped = true;
    },
  };
}

function sentence({ message, code }: DroverError, times: number): string {
  const often = times > 1 ? `, ${times.toLocaleString('en')} times since it was last told` : '';
  const goesOn = catalogue[code].passes ? ' Drover waits; nothing is lost.' : '';
  return `${message}${goesOn} (${code}${often})`;
}
