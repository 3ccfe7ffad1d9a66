// Keeps what is dear to make as long as it is used, and forgets it some time later.

const IDLE_MS = 60_000;

interface Kept<T> {
  value: T;
  users: number;
  /** By performance.now(). */
  usedAt: number;
}

export class KeptWhileUsed<T> {
  readonly #idleMs: number;
  readonly #onForgotten: (value: T) => void;
  readonly #kept = new Map<string, Kept<T>>();
  #sweeping: NodeJS.Timeout | null = null;

  /** `onForgotten`: called with a value that was not used for `idleMs`. */
  constructor({
    idleMs = IDLE_MS,
    onForgotten = () => undefined,
  }: { idleMs?: number; onForgotten?: (value: T) => void } = {}) {
    this.#idleMs = idleMs;
    this.#onForgotten = onForgotten;
  }

  get values(): T[] {
    return [...this.#kept.values()].map(({ value }) => value);
  }

  /** Calls `run` with the value of this key, which `make` makes if there is none. Forgets one that fails. */
  async use<R>(key: string, make: () => T, run: (value: T) => Promise<R>): Promise<R> {
    const kept = this.#kept.get(key) ?? { value: make(), users: 0, usedAt: 0 };
    this.#kept.set(key, kept);
    this.#sweeping ??= setInterval(() => this.#sweep(), this.#idleMs).unref();
    kept.users++;
    try {
      return await run(kept.value);
    } catch (error) {
      if (this.#kept.get(key) === kept) this.#kept.delete(key);
      throw error;
    } finally {
      kept.users--;
      kept.usedAt = performance.now();
    }
  }

  clear(): void {
    this.#kept.clear();
    this.#stopSweeping();
  }

  #sweep(): void {
    const since = performance.now() - this.#idleMs;
    for (const [key, { value, users, usedAt }] of this.#kept) {
      if (users > 0 || usedAt > since) continue;
      this.#kept.delete(key);
      this.#onForgotten(value);
    }
    if (this.#kept.size === 0) this.#stopSweeping();
  }

  #stopSweeping(): void {
    if (this.#sweeping) clearInterval(this.#sweeping);
    this.#sweeping = null;
  }
}
