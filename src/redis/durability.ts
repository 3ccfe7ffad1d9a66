// --durability replica: what is acknowledged is on a replica too, so that it outlives the primary. The one
// place that decides how this is waited for.
import { DroverError } from '../errors.ts';

/** How long one WAIT blocks the connection. */
const WAIT_MS = 500;
/** How long a replica may take until the call fails. It is idempotent, and its caller repeats it. */
const LONGEST_MS = 3000;

/** Runs a call until its writes are on a replica, and answers what it answers. */
export type Replicated = <T>(call: () => Promise<T>) => Promise<T>;

/** What is needed of a connection. */
interface Waiting {
  wait(replicas: number, ms: number): Promise<number>;
  on(event: 'close', then: () => void): unknown;
}

const barriers = new WeakMap<object, Replicated>();

/** What a connection waits for; undefined for one that does not wait. */
export function replicatedOf(redis: object): Replicated | undefined {
  return barriers.get(redis);
}

/**
 * From now on, scripts that acknowledge something (Script.isAcknowledged) wait for a replica on this
 * connection. Calls of about the same time share one WAIT: it follows all that was sent before. Redis forgets
 * what a connection has written when it ends, so a call whose socket has ended meanwhile is repeated: the
 * primary may be another one, which has not got it.
 */
export function waitsForReplica(redis: Waiting): void {
  let socket = 0;
  let next: Promise<number> | null = null;
  let asked: Promise<unknown> = Promise.resolve();
  redis.on('close', () => socket++);

  /** How many replicas have all that was sent until now. One WAIT is under way at a time. */
  function replicas(): Promise<number> {
    next ??= asked.then(() => {
      next = null;
      const answer = redis.wait(1, WAIT_MS);
      asked = answer.catch(() => undefined);
      return answer;
    });
    return next;
  }

  barriers.set(redis, async (call) => {
    const until = performance.now() + LONGEST_MS;
    for (;;) {
      const at = socket;
      const answer = await call();
      while (at === socket) {
        const confirmed = await replicas();
        if (at !== socket) break;
        if (confirmed > 0) return answer;
        if (performance.now() > until)
          throw new DroverError('E_REDIS_REPLICA', `No replica has confirmed within ${LONGEST_MS / 1000} s.`);
      }
    }
  });
}
