// Settle: the one place that turns an outcome into what BullMQ does.
import { packFailure } from '../errors.ts';
import type { Outcome } from '../outcome.ts';
import { DelayedError, type RequestJob, RetryError, UnrecoverableError, WaitingError } from './queue.ts';

/**
 * Returns when the job is to be completed. Otherwise throws what makes BullMQ delay it, fail it or put it
 * back. After 'lost', the job is left to its new owner.
 */
export async function settle(outcome: Outcome, job: RequestJob, token: string): Promise<void> {
  switch (outcome.kind) {
    case 'recorded':
    case 'refused':
    case 'done':
      return;
    case 'retry':
      // The crawl's settings have decided already whether an attempt is left. The job itself carries no
      // options.
      job.opts.attempts = Number.MAX_SAFE_INTEGER;
      job.opts.backoff = { type: 'custom' };
      job.opts.stackTraceLimit = 1;
      throw new RetryError(packFailure(outcome.failure), outcome.delayMs);
    case 'postponed':
      await job.moveToDelayed(outcome.untilMs, token);
      throw new DelayedError();
    case 'dead': {
      job.opts.stackTraceLimit = 1;
      const error = new UnrecoverableError(packFailure(outcome.failure));
      error.stack = error.message;
      throw error;
    }
    case 'lost':
      // If the lock is still ours (the slot lapsed, or the grace period is over), the job goes back at once.
      // If not, this call fails, and the job belongs to another consumer.
      await job.moveToWait(token).catch(() => undefined);
      throw new DelayedError();
    case 'stop':
      await job.moveToWait(token);
      throw new WaitingError();
    default:
      outcome satisfies never;
  }
}
