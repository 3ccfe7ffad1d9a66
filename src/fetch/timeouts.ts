// The time limits of one hop: which phase it is in, until when, and what each phase took.
import { type ErrorCode, type Failure, failure } from '../errors.ts';
import type { Timings } from '../outcome.ts';

/** The limit of each layer, in milliseconds. */
export interface FetchTimeouts {
  dns: number;
  /** TCP alone, after the look-up. */
  connect: number;
  tls: number;
  send: number;
  /** From the request sent to the header complete. */
  response: number;
  /** Between two pieces of the body. */
  read: number;
  /** The whole fetch, redirects included. */
  request: number;
}

/** wait: no connection yet; drain: the body of a redirect, read for the connection's sake; decode: ours alone. */
export type Phase = 'wait' | 'dns' | 'connect' | 'tls' | 'send' | 'response' | 'read' | 'drain' | 'decode';

/** A redirect's body that takes longer costs more than a new connection does. */
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

/** One hop's clock. A watchdog compares `deadline` with the time, so that a phase costs no timer of its own. */
export class PhaseClock {
  phase: Phase = 'wait';
  /** When the present phase, or the whole request, is over; on the clock of performance.now(). */
  deadline: number;
  readonly #limits: FetchTimeouts;
  readonly #requestDeadline: number;
  readonly #started: number;
  #entered: number;
  readonly #timings: Timings = {
    dns: null,
    connect: null,
    tls: null,
    firstByte: null,
    download: null,
    total: null,
  };

  constructor(limits: FetchTimeouts, requestDeadline: number) {
    this.#limits = limits;
    this.#requestDeadline = requestDeadline;
    this.#started = performance.now();
    this.#entered = this.#started;
    this.deadline = requestDeadline;
  }

  enter(phase: Phase): void {
    const now = performance.now();
    this.#close(now);
    this.phase = phase;
    this.#entered = now;
    this.#arm(now);
  }

  /** Something came: the phase's limit begins anew. */
  touch(): void {
    this.#arm(performance.now());
  }

  /** What to say when `deadline` has passed. */
  failure(): Failure {
    if (this.deadline >= this.#requestDeadline)
      return failure('E_REQUEST_TIMEOUT', `Limit ${this.#limits.request} ms.`);
    return failure(codes[this.phase], `Limit ${this.#limit()} ms.`);
  }

  /** Ends the present phase. To be called once. */
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

  #close(now: number): void {
    const took = rounded(now - this.#entered);
    const { phase } = this;
    if (phase === 'dns' || phase === 'connect' || phase === 'tls') this.#timings[phase] = took;
    else if (phase === 'response') this.#timings.firstByte = took;
    else if (phase === 'read' || phase === 'decode') {
      this.#timings.download = rounded((this.#timings.download ?? 0) + took);
    }
  }
}

/** To tenths: enough for a local network, and short in a record. */
function rounded(milliseconds: number): number {
  return Math.round(milliseconds * 10) / 10;
}
