// One consumer process as the command that started it sees it: what it tells, and how it ends.
import type { ChildProcess } from 'node:child_process';
import type { HostAnswers } from '../../consumers/telemetry/host-times.ts';
import { printable } from '../../src/printable.ts';
import { AFTER_GRACE_MS } from '../command/interrupt.ts';
import type { FromConsumer, Load, Sent } from './messages.ts';
import { unpackTrouble } from './messages.ts';
import { spawnOwn } from './spawn.ts';

export interface ChildEvents {
  onConsuming(): void;
  /** What was answered, and how many requests have ended, since it was told last. */
  onReport(hosts: readonly HostAnswers[], pages: number): void;
  onLine(line: string): void;
  onTrouble(error: unknown): void;
  onEnd(end: ChildEnd): void;
}

export interface ChildEnd {
  /** `exited with code 3`, `was ended by SIGKILL` or why it could not be started. */
  how: string;
  /** Its exit code; null if a signal ended it or it could not be started. */
  code: number | null;
  /** The last that it wrote on its standard error. */
  said: string;
  /** How long it has taken jobs; null if it never did. */
  consumedMs: number | null;
  pid: number | null;
  /** Why it could not begin, if it has told. */
  reason: Error | null;
}

/** So much of what it wrote last is kept, in characters. */
const MOST_SAID = 8000;

export class ConsumerChild {
  readonly #process: ChildProcess;
  readonly #events: ChildEvents;
  readonly ended: Promise<void>;
  /** Null until it consumes. */
  load: Load | null = null;
  #since: number | null = null;
  #said = '';
  #unshown = '';
  #reason: Error | null = null;
  #isOver = false;

  constructor(words: readonly string[], events: ChildEvents) {
    this.#events = events;
    // Standard output is that of the command: handlers may print.
    const child = spawnOwn(words, ['ignore', 'inherit', 'pipe', 'ipc']);
    this.#process = child;
    child.on('message', (sent: Partial<Sent> | null) => {
      if (sent?.ofDrover) this.#hear(sent.ofDrover);
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => this.#read(text));
    this.ended = new Promise((resolve) => {
      const end = (how: string, code: number | null) => {
        if (this.#isOver) return;
        this.#isOver = true;
        resolve();
        const consumedMs = this.#since === null ? null : performance.now() - this.#since;
        this.load = null;
        events.onEnd({
          how,
          code,
          consumedMs,
          said: this.#said.trim(),
          pid: child.pid ?? null,
          reason: this.#reason,
        });
      };
      child.on('error', (error) => child.pid === undefined && end(`could not start: ${error.message}`, null));
      // 'close' comes after all that it wrote has been read.
      child.on('close', (code, signal) =>
        end(signal ? `was ended by ${signal}` : `exited with code ${code}`, code),
      );
    });
  }

  get isConsuming(): boolean {
    return this.load !== null;
  }

  /** Tells it to stop; what is in flight has the grace. It is killed when it does not end by itself. */
  stop(graceMs: number): Promise<void> {
    this.#process.kill('SIGTERM');
    const late = setTimeout(() => this.kill(), graceMs + 2 * AFTER_GRACE_MS);
    return this.ended.finally(() => clearTimeout(late));
  }

  kill(): void {
    this.#process.kill('SIGKILL');
  }

  #hear(message: FromConsumer): void {
    if (message.kind === 'consuming') {
      this.#since = performance.now();
      this.load = { inFlight: 0, jobsPerSecond: 0, cpu: 0, loop: 0 };
      process.stderr.write(this.#unshown);
      this.#unshown = '';
      this.#events.onConsuming();
    } else if (message.kind === 'load') {
      if (this.load !== null) this.load = message.load;
      this.#events.onReport(message.hosts, message.pages);
    } else if (message.kind === 'failed') this.#reason = unpackTrouble(message.trouble);
    else if (message.kind === 'line') this.#events.onLine(printable(message.line));
    else this.#events.onTrouble(unpackTrouble(message.trouble));
  }

  /** Until it consumes, what it writes is kept back: why it could not start is told once it has ended. */
  #read(text: string): void {
    this.#said = (this.#said + text).slice(-MOST_SAID);
    if (this.#since === null) this.#unshown = (this.#unshown + text).slice(-MOST_SAID);
    else process.stderr.write(text);
  }
}
