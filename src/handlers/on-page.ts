// Calls the hook of a handler for a page in a browser.
import type { Page } from 'playwright-core';
import type { Failure } from '../errors.ts';
import { HANDLER_TIMEOUT_MS, type Handler } from './define.ts';
import { failedBy } from './failed-by.ts';
import { type HandlerRun, refusedBy, within } from './run.ts';
import type { WatchedRun } from './watch.ts';

/** Null when it has done its work, otherwise why the attempt ends. Rejects only when `signal` is aborted. */
export async function runOnPage(
  given: Pick<HandlerRun, 'handler' | 'request' | 'log' | 'signal' | 'watch'>,
  page: Page,
): Promise<Failure | null> {
  const { handler, request, log, signal, watch } = given;
  const run: WatchedRun = { handler: handler.name, url: request.url, seenAt: 0, fail: null };
  const limit = new AbortController();
  const deadlineAt = performance.now() + onPageLimit(handler);
  const limited = { handler, deadlineAt, run, close: () => undefined };
  try {
    const call = () => handler.onPage?.({ page, request, log, signal: limit.signal });
    const running = Promise.resolve(watch ? watch.call(run, call) : call());
    watch?.waits(run);
    await within(running, limited, limit, signal);
    return null;
  } catch (error) {
    if (signal.aborted) throw error;
    const failed = failedBy(error, handler.name);
    return failed.kind === 'discarded' ? refusedBy(failed.failure) : failed.failure;
  } finally {
    watch?.ended(run);
  }
}

/** How long `onPage` may take, in milliseconds. */
export function onPageLimit({ timeoutMs = HANDLER_TIMEOUT_MS }: Handler): number {
  return timeoutMs;
}
