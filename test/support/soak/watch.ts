// Watches a crawl's state while it is under way, and judges whether an end of it came too early.
import { setTimeout as sleep } from 'node:timers/promises';
import { keysOf, namespaceOf } from '../../../src/keys.ts';
import type { Redis } from '../../../src/redis.ts';
import { until } from '../signals.ts';
import type { Kept } from './kept.ts';

/** A producer that has come back counts as offering again after this time at the latest. */
const COMES_BACK_MS = 4000;
/** A producer that has offered everything is gone after this time. */
const GOES_MS = 1500;
const LONGEST_MS = 180_000;

/** What a round has found wrong, with all that is known of it. */
export class SoakFailure extends Error {
  readonly known: Record<string, unknown>;
  constructor(message: string, known: Record<string, unknown>) {
    super(message);
    this.known = known;
  }
}

/** Whether the crawl has not ended, or not all of the list was offered; null while Redis does not say. */
export async function isUnfinished(redis: Redis, name: string): Promise<'yes' | 'no' | null> {
  const key = keysOf(namespaceOf('drover')).crawl(name);
  const [state, offering] = await redis.hmget(key, 'state', 'offering').catch(() => [undefined]);
  if (state === undefined) return null;
  return state === 'finished' && offering === null ? 'no' : 'yes';
}

export interface Watch {
  /** Each change of the crawl's state, by its time. */
  states: { at: number; state: string; accepted: number; recorded: number }[];
  /** How many of these have been judged. */
  looked: number;
  stop(): void;
}

/** Looks at the state of the crawl in Redis, some ten times a second. */
export function watch(redis: Redis, name: string): Watch {
  const keys = keysOf(namespaceOf('drover'));
  const states: Watch['states'] = [];
  let isOver = false;
  const look = async () => {
    while (!isOver) {
      const [state, accepted, recorded] = await redis
        .hmget(keys.crawl(name), 'state', 'accepted', 'recorded')
        .catch(() => [null]);
      if (state && state !== states.at(-1)?.state)
        states.push({ at: performance.now(), state, accepted: Number(accepted), recorded: Number(recorded) });
      await sleep(50);
    }
  };
  void look();
  return {
    ...{ states, looked: 0 },
    stop() {
      isOver = true;
    },
  };
}

/**
 * The next time at which the crawl was seen to end. When it had ended before its producer had, the time from
 * which both are over.
 */
export async function nextEnd(
  looks: Watch,
  producer: Kept,
  known: () => Record<string, unknown>,
): Promise<number> {
  const next = () => {
    while (looks.looked < looks.states.length) {
      const { state, at } = looks.states[looks.looked++] as Watch['states'][number];
      if (state === 'finished') return at;
    }
    return producer.isDone && looks.states.at(-1)?.state === 'finished' && performance.now();
  };
  try {
    return await until(next, { what: 'the crawl to end', deadlineMs: LONGEST_MS, everyMs: 20 });
  } catch (error) {
    throw new SoakFailure((error as Error).message, known());
  }
}

/** What the producer of a crawl did that was finished at this time. */
export async function judgeProducer(producer: Kept, at: number): Promise<'done' | 'away' | 'at work'> {
  const { isUp, pid, starts, since } = producer;
  const end = performance.now() + GOES_MS;
  while (!producer.isDone && performance.now() < end) await sleep(20);
  if (producer.isDone) return 'done';
  const isBack = starts === 1 || at - since > COMES_BACK_MS;
  return isUp && pid === producer.pid && isBack ? 'at work' : 'away';
}
