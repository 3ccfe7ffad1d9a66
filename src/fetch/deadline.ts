// What lasts over the hops of one fetch: the time that is left, and the wish to end it.
import { type Failure, failure, isFailure } from '../errors.ts';

export class FetchDeadline {
  /** Of the whole fetch, on the clock of performance.now(). */
  deadline: number;
  aborted: Failure | null = null;
  /** The hop in flight, to be told of an abort. */
  hop: { fail(reason: Failure): void } | null = null;

  constructor(limitMs: number) {
    this.deadline = performance.now() + limitMs;
  }

  /** Follows a signal; the function returned ends that. The fetch ends with E_LOCK_LOST, or the reason if it is a Failure. */
  heed(signal: AbortSignal): () => void {
    const abort = () => {
      this.aborted = reasonOf(signal);
      this.hop?.fail(this.aborted);
    };
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    return () => signal.removeEventListener('abort', abort);
  }

  /** Waits without using up the fetch's time. */
  async pauseFor<T>(work: Promise<T> | undefined): Promise<T | undefined> {
    const began = performance.now();
    const result = await work;
    this.deadline += performance.now() - began;
    return result;
  }
}

function reasonOf(signal: AbortSignal): Failure {
  const reason: unknown = signal.reason;
  return isFailure(reason) ? reason : failure('E_LOCK_LOST');
}
