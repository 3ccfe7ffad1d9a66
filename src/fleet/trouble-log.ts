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
  /** The same for the store of records. */
  storeAnswered(): void;
  /** Writes to the log what was counted and not yet told. Tells nothing more after that. */
  stop(): void;
}

const EVERY_MS = 60_000;
const LOOK_MS = 5000;
/** An outage is over when nothing of its kind has failed for this long. */
const OVER_MS = 3000;
/** What fails with ever new words shares the last entry. */
const MOST_KINDS = 100;

/** What is away for a while, and how its return is told. */
type Awaited = 'Redis' | 'The store of records';

interface Kind {
  toldAt: number;
  notedAt: number;
  /** Since it was told. */
  count: number;
  /** What goes on by itself when it is over; null when nothing waits for that. */
  awaited: Awaited | null;
  isOver: boolean;
  tell(count: number): void;
}

/** `say` prints a line for a person; without it, only the log is written. */
export function createTroubleLog(parts: { log: Log; say?: (line: string) => void }): TroubleLog {
  const { log, say = () => undefined } = parts;
  const kinds = new Map<string, Kind>();
  let isStopped = false;

  function count(key: string, awaited: Awaited | null, tell: (count: number) => void): void {
    const now = performance.now();
    const name = kinds.has(key) || kinds.size < MOST_KINDS ? key : 'others';
    const kind = kinds.get(name);
    if (!kind) {
      kinds.set(name, { toldAt: now, notedAt: now, count: 0, awaited, isOver: false, tell });
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

  /** `afterMs`: what failed later than that before now may fail again, with another call. */
  function answered(what: Awaited, afterMs: number): void {
    if (kinds.size === 0) return;
    const now = performance.now();
    const over = [...kinds].filter(
      ([, kind]) => kind.awaited === what && !kind.isOver && now - kind.notedAt >= afterMs,
    );
    for (const [, kind] of over) kind.isOver = true;
    if (over.some(([key]) => key.startsWith('terminal'))) {
      log.info(`${what} answers again`);
      say(`${what} answers again.`);
    }
  }

  const timer = setInterval(look, LOOK_MS).unref();
  return {
    note(error, what, fields = {}, level = 'warn') {
      if (isStopped) return;
      const known = redisFailure(error);
      const awaited = known === null ? null : awaitedOf(known);
      const kind = known?.code ?? `${what}: ${(error as Error)?.message}`;
      count(`log ${level} ${kind}`, awaited, (times) => {
        const cause = known ? { code: known.code, reason: known.message } : { err: error };
        log[level]({ ...fields, ...cause, ...(times > 1 ? { times } : {}) }, what);
      });
      if (known) count(`terminal ${kind}`, awaited, (times) => say(sentence(known, times)));
    },
    redisAnswered: () => answered('Redis', OVER_MS),
    storeAnswered: () => answered('The store of records', 0),
    stop() {
      clearInterval(timer);
      look(true);
      isStopped = true;
    },
  };
}

function awaitedOf({ code, layer }: DroverError): Awaited | null {
  if (layer === 'store') return 'The store of records';
  return catalogue[code].passes ? 'Redis' : null;
}

function sentence({ message, code }: DroverError, times: number): string {
  const often = times > 1 ? `, ${times.toLocaleString('en')} times since it was last told` : '';
  const { passes, advised, advice } = catalogue[code];
  const goesOn = passes ? ' Drover waits; nothing is lost.' : advised ? ` ${advice}` : '';
  return `${message}${goesOn} (${code}${often})`;
}
