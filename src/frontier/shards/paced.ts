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
  #added = 0;
  /** Who waits until so many of those that were added are done. */
  #callers: { upTo: number; resolve(): void; reject(error: unknown): void }[] = [];
  #isRunning = false;
  #lastAt = Number.NEGATIVE_INFINITY;

  constructor(everyMs: number, full: number, work: (waiting: T[]) => Promise<void>) {
    this.#everyMs = everyMs;
    this.#full = full;
    this.#work = work;
  }

  /**
   * Resolves when these are done, whatever came after them. Rejects if a call failed before; then nothing
   * waits any more.
   */
  add(items: readonly T[]): Promise<void> {
    this.#waiting.push(...items);
    this.#added += items.length;
    const upTo = this.#added;
    const done = new Promise<void>((resolve, reject) => this.#callers.push({ upTo, resolve, reject }));
    if (!this.#isRunning) void this.#run();
    return done;
  }

  /** Never rejects: errors go to the callers. */
  async #run(): Promise<void> {
    this.#isRunning = true;
    try {
      while (this.#callers.length > 0) {
        const waitMs = this.#lastAt + this.#everyMs - performance.now();
        if (waitMs > 0 && this.#waiting.length < this.#full)
          await new Promise((resolve) => setTimeout(resolve, waitMs));
        this.#lastAt = performance.now();
        if (this.#waiting.length > 0) await this.#work(this.#waiting);
        const done = this.#added - this.#waiting.length;
        while (this.#callers[0] && this.#callers[0].upTo <= done) this.#callers.shift()?.resolve();
      }
    } catch (error) {
      this.#waiting = [];
      for (const { reject } of this.#callers.splice(0)) reject(error);
    } finally {
      this.#isRunning = false;
    }
  }
}
