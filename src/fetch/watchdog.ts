// One timer for the time limits of all hops in flight. At 3,000 pages a second, a timer for each phase of
// each hop would take noticeable processor time.

/** The interval of the timer: a limit is noticed at most this much too late. */
const tickMs = 20;

export interface Watched {
  /** The time of the limit, on the clock of performance.now(). */
  readonly deadline: number;
  /** Called when `deadline` has passed. It may move the deadline instead of ending the hop. */
  expire(): void;
}

/** Watches hops, and calls `expire` of each whose deadline has passed. */
export class Watchdog {
  readonly #watched = new Set<Watched>();
  #timer: NodeJS.Timeout | null = null;

  add(watched: Watched): void {
    this.#watched.add(watched);
    this.#timer ??= setInterval(() => this.#tick(), tickMs);
  }

  delete(watched: Watched): void {
    this.#watched.delete(watched);
  }

  #tick(): void {
    if (this.#watched.size === 0) {
      if (this.#timer) clearInterval(this.#timer);
      this.#timer = null;
      return;
    }
    const now = performance.now();
    for (const watched of this.#watched)
      if (watched.deadline <= now) setImmediate(() => this.#confirm(watched));
  }

  /**
   * Checks the deadline once more. When the event loop was busy, data that came in time may not have been
   * read yet. It is read before this runs, and moves the deadline.
   */
  #confirm(watched: Watched): void {
    if (this.#watched.has(watched) && watched.deadline <= performance.now()) watched.expire();
  }
}
