// The limit of hops in flight, first come, first served. The agents' own limit does not suffice: it does not
// count connections that are still being made.

/** Lets at most `most` hops be in flight. */
export class ConnectionLimit {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(most: number) {
    this.#free = most;
  }

  /** Counts one more hop. Returns null if it may start at once, or a promise that resolves when it may. */
  acquire(): Promise<void> | null {
    if (this.#free > 0) {
      this.#free--;
      return null;
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** To be called once for each `acquire`, when the hop has ended. The hop that waits longest may start. */
  release(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#free++;
  }
}
