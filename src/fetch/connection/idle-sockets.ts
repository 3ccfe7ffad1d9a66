// Idle keep-alive sockets: how long each may still be used, and how many there may be.
import type { Duplex } from 'node:stream';

/** Servers close silent connections after 5 s (Apache, Node) or more; whoever says nothing gets less than that. */
const silentServerMs = 4000;
/** The server's clock began when its answer left it: earlier than ours. */
const marginMs = 1000;
const longestMs = 60_000;
const sweepMs = 250;

/** Time for which a connection may lie idle after an answer, by the Keep-Alive header: "timeout=5, max=100". */
export function idleMsOf(keepAlive: string | undefined): number {
  const announced =
    keepAlive === undefined ? undefined : /(?:^|[,\s])timeout\s*=\s*"?(\d+)/i.exec(keepAlive)?.[1];
  if (announced === undefined) return silentServerMs;
  return Math.min(Math.max(Number(announced) * 1000 - marginMs, 0), longestMs);
}

export class IdleSockets {
  readonly #most: number;
  readonly #idle = new Map<Duplex, number>();
  readonly #announced = new WeakMap<Duplex, number>();
  #sweepAt = 0;
  #timer: NodeJS.Timeout | null = null;

  /** `most`: all hosts together; beyond that, the socket that has been idle longest is closed. */
  constructor(most: number) {
    this.#most = most;
  }

  /** The server named its limit: to be told before the socket becomes idle. */
  announce(socket: Duplex, idleMs: number): void {
    this.#announced.set(socket, idleMs);
  }

  /** False if the socket is not to be used again. */
  keep(socket: Duplex): boolean {
    const idleMs = this.#announced.get(socket) ?? silentServerMs;
    if (idleMs === 0) return false;
    if (this.#idle.size >= this.#most) this.#destroyOldest();
    this.#idle.set(socket, performance.now() + idleMs);
    this.#timer ??= setInterval(() => this.sweep(), sweepMs).unref();
    return true;
  }

  take(socket: Duplex): void {
    this.#idle.delete(socket);
  }

  /** Closes what has been idle for too long. Cheap when called often. */
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
