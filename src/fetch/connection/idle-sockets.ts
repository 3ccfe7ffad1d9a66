// The idle keep-alive sockets: how long each may still be reused, and how many are kept.
/**
 * Idle time when the server announces none. Servers close idle connections after 5 s (Apache, Node) or more.
 */
const silentServerMs = 4000;
/**
 * Taken off the announced time: the server counts from when it sent the answer, which is before drover
 * received it.
 */
const marginMs = 1000;
const longestMs = 60_000;
const sweepMs = 250;

/**
 * How long a connection may be idle after an answer and still be reused, in milliseconds. `keepAlive` is the
 * answer's Keep-Alive header, for example "timeout=5, max=100".
 */
export function idleMsOf(keepAlive: string | undefined): number {
  const announced =
    keepAlive === undefined ? undefined : /(?:^|[,\s])timeout\s*=\s*"?(\d+)/i.exec(keepAlive)?.[1];
  if (announced === undefined) return silentServerMs;
  return Math.min(Math.max(Number(announced) * 1000 - marginMs, 0), longestMs);
}

/** A socket, or a session of HTTP/2. */
interface Closable {
  readonly destroyed: boolean;
  destroy(): unknown;
}

/** The idle sockets of all agents of a fetcher. Sockets that have been idle for too long are closed. */
export class IdleSockets {
  readonly #most: number;
  readonly #idle = new Map<Closable, number>();
  readonly #announced = new WeakMap<Closable, number>();
  #sweepAt = 0;
  #timer: NodeJS.Timeout | null = null;

  /**
   * `most` is the limit for all hosts together. Beyond it, the socket that has been idle longest is closed.
   */
  constructor(most: number) {
    this.#most = most;
  }

  /**
   * Sets how long the socket may be idle, as the server announced. To be called before the socket becomes
   * idle.
   */
  announce(socket: Closable, idleMs: number): void {
    this.#announced.set(socket, idleMs);
  }

  /** Adds a socket that has become idle. Returns false if it must be closed instead. */
  keep(socket: Closable): boolean {
    const idleMs = this.#announced.get(socket) ?? silentServerMs;
    if (idleMs === 0) return false;
    if (this.#idle.size >= this.#most) this.#destroyOldest();
    this.#idle.set(socket, performance.now() + idleMs);
    this.#timer ??= setInterval(() => this.sweep(), sweepMs).unref();
    return true;
  }

  /** Removes a socket that is used again. */
  remove(socket: Closable): void {
    this.#idle.delete(socket);
  }

  /** Closes the sockets that have been idle for too long. Calling it often is cheap. */
  sweep(): void {
    const now = performance.now();
    if (now < this.#sweepAt) return;
    this.#sweepAt = now + sweepMs / 2;
    for (const [socket, until] of this.#idle) {
      if (until > now && !socket.destroyed) continue;
      this.#idle.delete(socket);
      socket.destroy();
    }
    if (this.#idle.size === 0) this.#stopTimer();
  }

  close(): void {
    for (const socket of this.#idle.keys()) socket.destroy();
    this.#idle.clear();
    this.#stopTimer();
  }

  #destroyOldest(): void {
    const oldest = this.#idle.keys().next().value;
    if (!oldest) return;
    this.#idle.delete(oldest);
    oldest.destroy();
  }

  #stopTimer(): void {
    if (this.#timer) clearInterval(this.#timer);
    this.#timer = null;
  }
}
