// One timer for all hops in flight: at 3,000 pages a second, a timer for each phase of each hop would be felt.

/** How late a limit may be noticed. */
const tickMs = 20;

export interface Watched {
  /** On the clock of performance.now(). */
  readonly deadline: number;
  /** Called once `deadline` has passed; it need not end the watching. */
  expire(): void;
}

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

  /** After a busy event loop, what came in time may still wait to be read: that comes before this, and moves the deadline. */
  #confirm(watched: Watched): void {
    if (this.#watched.has(watched) && watched.deadline <= performance.now()) watched.expire();
  }
}
