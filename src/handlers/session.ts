// The session of a page, as its handler has it.
import { LoggedOut } from './verdicts.ts';

export interface HandlerSession {
  /** With its generation from the second on, as in the record; null if the crawl has no sessions. */
  readonly name: string | null;
  /** The session is blocked: it is not used any more, and another takes its place. */
  retire(): void;
  /**
   * The page shows that the session is logged out: it is logged in anew, and the page fetched again. Throws a
   * LoggedOut.
   */
  loggedOut(): never;
}

export class PageSession implements HandlerSession {
  readonly name: string | null;
  #isRetired = false;

  constructor(name: string | null) {
    this.name = name;
  }

  /** For the result of the run. */
  get told(): { retires?: true } {
    return this.#isRetired ? { retires: true } : {};
  }

  retire(): void {
    this.#isRetired = true;
  }

  loggedOut(): never {
    throw new LoggedOut();
  }
}
