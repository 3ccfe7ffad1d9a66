// What a handler throws to say how its page ends, and the errors that drover throws into it.
import { readDuration } from '../config/duration.ts';
import { type ErrorCode, type Failure, failure } from '../errors.ts';

/**
 * Marks the classes below across copies of the package: a handler file may import another copy than the one
 * that runs it.
 */
const mark = Symbol.for('drover.verdict');

export type HandlerVerdict =
  | { readonly kind: 'discard' }
  | { readonly kind: 'fatal' }
  | { readonly kind: 'logged-out' }
  | { readonly kind: 'later'; readonly afterMs: number };

/**
 * Thrown by a handler: the page is of no use. It is recorded with E_HANDLER_DISCARD and without items, none
 * of its links is followed, and it is not tried again.
 */
export class Discard extends Error {
  override readonly name = 'Discard';
  readonly [mark]: HandlerVerdict = { kind: 'discard' };
}

/** Thrown by a handler: the request becomes a dead letter at once, whatever attempts are left. */
export class Fatal extends Error {
  override readonly name = 'Fatal';
  readonly [mark]: HandlerVerdict = { kind: 'fatal' };
}

/**
 * Thrown by a handler: the request is tried again, but not before this time has passed. It uses up an
 * attempt.
 */
export class RetryAfter extends Error {
  override readonly name = 'RetryAfter';
  readonly [mark]: HandlerVerdict;

  /** `after`: '500ms', '30s', '10m', '2h', or a number of milliseconds. Throws a TypeError for any other. */
  constructor(after: string | number, why = '') {
    super(why);
    const isText = typeof after === 'string' || typeof after === 'number';
    const afterMs = isText ? readDuration(String(after)) : null;
    if (afterMs === null)
      throw new TypeError(`RetryAfter: expected a duration such as 30s or 10m (got ${String(after)})`);
    this[mark] = { kind: 'later', afterMs };
  }
}

/**
 * Thrown by a handler: the page shows that its session is logged out. The session is logged in anew, and the
 * page is fetched again, without using up an attempt.
 */
export class LoggedOut extends Error {
  override readonly name = 'LoggedOut';
  readonly [mark]: HandlerVerdict = { kind: 'logged-out' };
}

/** The verdict that an error carries; null for any other value. */
export function thrownVerdict(error: unknown): HandlerVerdict | null {
  return error instanceof Error ? ((error as { [mark]?: HandlerVerdict })[mark] ?? null) : null;
}

/** Thrown into a handler by what it was given, such as emit for a wrong item. */
export class HandlerFault extends Error {
  override readonly name: string = 'HandlerFault';
  /** How the page ends if the handler does not catch it. */
  readonly failure: Failure;
  readonly code: ErrorCode;
  /** Before this many milliseconds from now, another attempt would be told the same. */
  readonly afterMs: number;

  constructor(fault: Failure, { code, message, afterMs = 0 }: Partial<FaultFields> = {}) {
    super(message ?? fault.message);
    this.failure = fault;
    this.code = code ?? fault.code;
    this.afterMs = afterMs;
  }
}

interface FaultFields {
  code: ErrorCode;
  message: string;
  afterMs: number;
}

/** Thrown by `fetch`. `code` and `message` say what went wrong: E_DNS_TIMEOUT, E_ROBOTS and so on. */
export class FetchError extends HandlerFault {
  override readonly name = 'FetchError';

  /** `what`: the handler and what it fetched. */
  constructor(what: string, cause: Failure, afterMs: number) {
    const message = `${what}: ${cause.code}: ${cause.message}`;
    super(failure('E_HANDLER_FETCH', message, cause), { code: cause.code, message, afterMs });
  }
}
