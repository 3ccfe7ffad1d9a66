// Work that is gathered, so that much of it shares one call: calls follow each other at a distance, unless so
// much waits that they would fall behind.

/**
 * `work` takes what it can of what waits, the oldest first, and resolves when that is done. When `full` wait,
 * which is what one call takes, it is called at once.
 */
export class Paced<T> {
  readonly #everyMs: number;
  readonly #full: number;
  readonly #work: (waiting: T[]) => Promise<void>;
  #waiting: T[] = [];
  #running: Promise<void> | null = null;
  #lastAt = Number.NEGATIVE_INFINITY;

  constructor(everyMs: number, full: number, work: (waiting: T[]) => Promise<void>) {
    this.#everyMs = everyMs;
    this.#full = full;
    this.#work = work;
  }

  /** Resolves when these are done. Rejects if a call failed; then nothing waits any more. */
  add(items: readonly T[]): Promise<void> {
    this.#waiting.push(...items);
    this.#running ??= this.#run();
    return this.#running;
  }

  async #run(): Promise<void> {
    try {
      while (this.#waiting.length > 0) {
        const waitMs = this.#lastAt + this.#everyMs - performance.now();
        if (waitMs > 0 && this.#waiting.length < this.#full)
          await new Promise((resolve) => setTimeout(resolve, waitMs));
        this.#lastAt = performance.now();
        await this.#work(this.#waiting);
      }
    } finally {
      this.#waiting = [];
      this.#running = null;
    }
  }
}
