// Settle: the one place that maps outcomes to what BullMQ does.
import { packFailure } from '../errors.ts';
import type { Outcome } from '../outcome.ts';
import { DelayedError, type RequestJob, RetryError, UnrecoverableError, WaitingError } from './queue.ts';

/** Returns when the job is to be completed; throws what makes BullMQ delay, fail or put it back; 'lost' leaves it to its new owner. */
export async function settle(outcome: Outcome, job: RequestJob, token: string): Promise<void> {
  switch (outcome.kind) {
    case 'recorded':
    case 'refused':
    case 'done':
      return;
    case 'retry':
      // Whether an attempt is left was decided with the crawl's settings; the job itself carries no options.
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
      // If the lock is still ours (its slot lapsed, or the grace is over) it goes back at once; else this fails: it is another's.
      await job.moveToWait(token).catch(() => undefined);
      throw new DelayedError();
    case 'stop':
      await job.moveToWait(token);
      throw new WaitingError();
    default:
      outcome satisfies never;
  }
}
