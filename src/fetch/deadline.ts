// What all hops of one fetch share: the time limit of the whole fetch, and the request to abort it.
import { type Failure, failure, isFailure } from '../errors.ts';

/** The deadline of one fetch. The limit in milliseconds begins when the object is made. */
export class FetchDeadline {
  /** When the whole fetch must be over, on the clock of performance.now(). */
  deadline: number;
  /** Why the fetch is aborted; null while it is not. */
  aborted: Failure | null = null;
  /** The hop in flight. An abort ends it. */
  hop: { fail(reason: Failure): void } | null = null;

  constructor(limitMs: number) {
    this.deadline = performance.now() + limitMs;
  }

  /**
   * Aborts the fetch when the signal is aborted. The fetch then ends with the signal's reason if that is a
   * Failure, otherwise with E_LOCK_LOST. The returned function stops listening to the signal.
   */
  follow(signal: AbortSignal): () => void {
    const abort = () => {
      this.aborted = reasonOf(signal);
      this.hop?.fail(this.aborted);
    };
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    return () => signal.removeEventListener('abort', abort);
  }

  /** Waits for `work`, if there is any. The deadline moves by the time that this took. */
  async pauseFor<T>(work: Promise<T> | undefined): Promise<T | undefined> {
    return work && this.waitFor(work);
  }

  async waitFor<T>(work: Promise<T>): Promise<T> {
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
