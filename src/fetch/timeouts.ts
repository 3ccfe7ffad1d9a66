// The clock of one hop: which phase it is in, when that phase must be over, and how long each phase took.
import { type ErrorCode, type Failure, failure } from '../errors.ts';
import type { Timings } from '../outcome.ts';

/** The time limit of each phase, in milliseconds. */
export interface FetchTimeouts {
  /** The look-up of the name. */
  dns: number;
  /** The TCP connection, after the look-up. */
  connect: number;
  /** The TLS handshake. */
  tls: number;
  /** From the connection to the end of the request's body. */
  send: number;
  /** From the end of the request to the end of the answer's headers. */
  response: number;
  /** The longest pause between two pieces of the body. */
  read: number;
  /** The whole fetch, including redirects. */
  request: number;
}

/**
 * The phases of a hop. wait: the hop waits for a connection. drain: the body of a redirect is read, so that
 * the connection can be reused. decode: drover decompresses, and the server waits.
 */
export type Phase = 'wait' | 'dns' | 'connect' | 'tls' | 'send' | 'response' | 'read' | 'drain' | 'decode';

/** One phase of a hop as it took place. */
export interface PhaseSpan {
  phase: Phase;
  /** When it began, in milliseconds after the hop. */
  atMs: number;
  ms: number;
  /** Its longest time without data: what the limit of reading applies to. */
  longestPauseMs: number;
}

/** Who is to blame when the time of a phase is over, if it is not the server. */
export interface Blame {
  readonly code: ErrorCode;
  /** The proxy. */
  readonly name: string;
}

/** Time limit for the body of a redirect. Waiting longer costs more than a new connection. */
const drainMs = 1000;

const codes: Record<Phase, ErrorCode> = {
  wait: 'E_REQUEST_TIMEOUT',
  dns: 'E_DNS_TIMEOUT',
  connect: 'E_CONNECT_TIMEOUT',
  tls: 'E_TLS_TIMEOUT',
  send: 'E_SEND_TIMEOUT',
  response: 'E_RESPONSE_TIMEOUT',
  read: 'E_READ_TIMEOUT',
  drain: 'E_REQUEST_TIMEOUT',
  decode: 'E_REQUEST_TIMEOUT',
};

/**
 * The clock of one hop. A watchdog compares `deadline` with the time, so that no phase needs a timer of its
 * own.
 */
export class PhaseClock {
  phase: Phase = 'wait';
  /**
   * When the current phase or the whole fetch must be over, whichever is first; on the clock of
   * performance.now().
   */
  deadline: number;
  readonly #limits: FetchTimeouts;
  readonly #requestDeadline: number;
  readonly #started: number;
  readonly #spans: PhaseSpan[] | null;
  #entered: number;
  #blame: Blame | null = null;
  #lastData = 0;
  #longestPause = 0;
  readonly #timings: Timings = {
    dns: null,
    connect: null,
    tls: null,
    firstByte: null,
    download: null,
    total: null,
  };

  /** `spans`: where to note each phase as it ends; null to keep only what a record holds. */
  constructor(limits: FetchTimeouts, requestDeadline: number, spans: PhaseSpan[] | null = null) {
    this.#spans = spans;
    this.#limits = limits;
    this.#requestDeadline = requestDeadline;
    this.#started = performance.now();
    this.#entered = this.#started;
    this.deadline = requestDeadline;
  }

  get isTraced(): boolean {
    return this.#spans !== null;
  }

  enter(phase: Phase, blame: Blame | null = null): void {
    const now = performance.now();
    this.#close(now);
    this.phase = phase;
    this.#blame = blame;
    this.#entered = now;
    this.#arm(now);
  }

  /** Starts the limit of the current phase anew, because data came. */
  touch(): void {
    const now = performance.now();
    if (this.#spans) this.#notePause(now);
    this.#arm(now);
  }

  /** The failure to report when `deadline` has passed. */
  failure(): Failure {
    if (this.deadline >= this.#requestDeadline)
      return failure('E_REQUEST_TIMEOUT', `Limit ${this.#limits.request} ms.`);
    const limit = `Limit ${this.#limit()} ms.`;
    return this.#blame
      ? failure(this.#blame.code, `${this.#blame.name}: ${limit}`)
      : failure(codes[this.phase], limit);
  }

  /** Ends the current phase and returns how long each phase took. To be called once. */
  stop(): Timings {
    const now = performance.now();
    this.#close(now);
    this.#timings.total = rounded(now - this.#started);
    return this.#timings;
  }

  #arm(now: number): void {
    this.deadline = Math.min(now + this.#limit(), this.#requestDeadline);
  }

  #limit(): number {
    const { phase } = this;
    if (phase === 'wait' || phase === 'decode') return Number.POSITIVE_INFINITY;
    return phase === 'drain' ? drainMs : this.#limits[phase];
  }

  #notePause(now: number): void {
    this.#longestPause = Math.max(this.#longestPause, now - Math.max(this.#lastData, this.#entered));
    this.#lastData = now;
  }

  #note(now: number, ms: number): void {
    this.#notePause(now);
    const atMs = rounded(this.#entered - this.#started);
    this.#spans?.push({ phase: this.phase, atMs, ms, longestPauseMs: rounded(this.#longestPause) });
    this.#longestPause = 0;
  }

  #close(now: number): void {
    const took = rounded(now - this.#entered);
    const { phase } = this;
    if (this.#spans) this.#note(now, took);
    if (phase === 'dns' || phase === 'connect' || phase === 'tls')
      this.#add(phase, took); // a proxy has its own
    else if (phase === 'response') this.#timings.firstByte = took;
    else if (phase === 'read' || phase === 'decode') {
      this.#add('download', took);
    }
  }

  #add(part: keyof Timings, ms: number): void {
    this.#timings[part] = rounded((this.#timings[part] ?? 0) + ms);
  }
}

/** Rounds to tenths of a millisecond: precise enough for a local network, and short in a record. */
function rounded(milliseconds: number): number {
  return Math.round(milliseconds * 10) / 10;
}
