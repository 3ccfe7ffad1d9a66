// When a request may be sent again at once, without an attempt of its own.
import type { FailedHop, HopEnd } from './hop-parts.ts';

type AnswerEnd = Extract<HopEnd, { kind: 'answer' }>;

const idempotent = new Set(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS']);

/** How often a request is sent again to a server that has no room for it. */
const MOST_WITHOUT_ROOM = 3;

/** The sendings of one request to one place. */
export class Sendings {
  readonly #isIdempotent: boolean;
  #wasStale = false;
  #withoutRoom = 0;

  constructor(method: string) {
    this.#isIdempotent = idempotent.has(method);
  }

  /**
   * What a server has not processed may be sent again whatever the method. While it answers others, it will
   * come to this one too. What was lost with a connection may have been processed.
   */
  mayRepeat(end: HopEnd): end is FailedHop | AnswerEnd {
    if (end.kind === 'redirect') return false;
    const unprocessed = end.kind === 'failed' ? end.unprocessed : undefined;
    if (unprocessed === 'closed') return true;
    if (unprocessed === 'no room') return ++this.#withoutRoom <= MOST_WITHOUT_ROOM;
    if (!end.stale || !this.#isIdempotent || this.#wasStale) return false;
    this.#wasStale = true;
    return true;
  }
}
