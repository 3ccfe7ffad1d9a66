// How long a job that is tried again waits: decided by its outcome, told to BullMQ by its backoff strategy.

/** Thrown to let BullMQ put a job back by `delayMs`, using up an attempt. */
export class RetryError extends Error {
  readonly delayMs: number;
  constructor(message: string, delayMs: number) {
    super(message);
    this.delayMs = delayMs;
    // BullMQ would keep a stack in Redis for each attempt.
    this.stack = message;
  }
}

/** What the worker's backoff strategy asks: how long until the next attempt, in milliseconds. */
export function backoffOf(error: Error | undefined): number {
  return error instanceof RetryError ? Math.max(1, Math.round(error.delayMs)) : 1000;
}
