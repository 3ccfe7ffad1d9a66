// Turns what a program gives to its producer (a URL, a request, or any number of them) into numbered lines:
// checked requests or failures.

import type { RequestInput } from '../../src/request.ts';
import type { OfferedLine } from '../../src/seeds/offer.ts';
import { parseSeedValue } from '../../src/seeds/read.ts';
import type { UrlRules } from '../../src/url/normalize.ts';

/** A URL, or a request with more fields: method, headers, body, userData, priority, … */
export type GivenRequest = string | URL | RequestInput;
export type GivenRequests = Iterable<GivenRequest> | AsyncIterable<GivenRequest>;

export function isOne(given: GivenRequest | GivenRequests): given is GivenRequest {
  if (typeof given !== 'object' || given === null) return true;
  return !(Symbol.asyncIterator in given || Symbol.iterator in given);
}

/** One request as a line, or its failure. */
export function lineOf(given: unknown, index: number, rules: UrlRules): OfferedLine {
  const value = given instanceof URL ? given.href : given;
  return { source: 'program', line: index + 1, ...parseSeedValue(value, rules) };
}

/**
 * An error that the program threw while its requests were read. This class keeps it apart from errors of
 * Redis.
 */
export class SourceError extends Error {
  constructor(cause: unknown) {
    super('the requests broke off', { cause });
  }
}

/**
 * Yields the lines of many requests in their order, reading them only as fast as they are used. Ends early
 * when `signal` is aborted, also while it waits for the next request. Throws a SourceError when `given`
 * throws.
 */
export async function* linesOf(
  given: GivenRequests,
  rules: UrlRules,
  signal: AbortSignal | undefined,
): AsyncGenerator<OfferedLine> {
  if (Symbol.iterator in given) {
    yield* linesOfIterable(given, rules, signal);
    return;
  }
  const items = given[Symbol.asyncIterator]();
  let state: 'open' | 'reading' | 'done' = 'open';
  try {
    for (let index = 0; ; index++) {
      state = 'reading';
      const item = await nextUnless(signal, items);
      state = item?.done ? 'done' : item === null ? 'reading' : 'open';
      if (item === null || item.done) return;
      yield lineOf(item.value, index, rules);
    }
  } catch (cause) {
    state = 'done';
    throw new SourceError(cause);
  } finally {
    // An iterator that is busy with its next item would make this wait for that item.
    const left = state === 'done' ? null : items.return?.();
    if (state === 'open') await left;
    else left?.catch(() => undefined);
  }
}

function* linesOfIterable(
  given: Iterable<GivenRequest>,
  rules: UrlRules,
  signal: AbortSignal | undefined,
): Generator<OfferedLine> {
  let index = 0;
  try {
    for (const item of given) {
      if (signal?.aborted) return;
      yield lineOf(item, index++, rules);
    }
  } catch (cause) {
    throw new SourceError(cause);
  }
}

/** Resolves with the next item, or with null once the signal is aborted. */
function nextUnless<T>(
  signal: AbortSignal | undefined,
  items: AsyncIterator<T>,
): Promise<IteratorResult<T> | null> {
  return new Promise((resolve, reject) => {
    const onAbort = () => resolve(null);
    if (signal?.aborted) return onAbort();
    signal?.addEventListener('abort', onAbort, { once: true });
    items
      .next()
      .then(resolve, reject)
      .finally(() => signal?.removeEventListener('abort', onAbort));
  });
}
