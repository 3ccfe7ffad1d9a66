// What a hop is made of, and how it ends.
import type { IncomingMessage } from 'node:http';
import type { Failure } from '../../errors.ts';
import { type Came, type FailedByProxy, NO_TIMINGS, type Timings } from '../../outcome.ts';
import type { BodyLimits } from '../body/reader.ts';
import type { ExchangeCopy } from '../exchange.ts';
import type { LastAnswer, Redirect } from '../redirect.ts';
import type { Target } from '../target.ts';
import type { PhaseClock } from '../timeouts.ts';
import type { AgentPair } from './agent.ts';
import type { IdleSockets } from './idle-sockets.ts';

/**
 * The server has not processed the request, by its own word (RFC 9113 section 8.7), because it has closed a
 * connection on which it answered others, or has no room for it.
 */
export type Unprocessed = 'closed' | 'no room';

export type HopEnd = LastAnswer | Redirect | FailedHop;

/**
 * `stale`: the server had closed the reused connection while it was idle, and nothing of an answer came.
 */
export interface FailedHop extends FailedByProxy {
  kind: 'failed';
  failure: Failure;
  stale: boolean;
  unprocessed?: Unprocessed;
  timings: Timings;
  came?: Came;
}

/** The end of a hop of which nothing was sent. */
export function failedHop(reason: Failure, timings = NO_TIMINGS): FailedHop {
  return { kind: 'failed', failure: reason, stale: false, timings };
}

export interface HopParts {
  readonly target: Target;
  readonly agents: AgentPair;
  readonly idle: IdleSockets;
  readonly limits: BodyLimits;
  readonly clock: PhaseClock;
  /** Called when the request could be written. With a Failure, the hop ends before anything is sent. */
  readonly mayStart: (() => Failure | null) | undefined;
  /** Called after the request has been sent. */
  readonly started: (() => void) | undefined;
  readonly ended: (end: HopEnd) => void;
  /** Takes what goes over the wire; null if nobody wants it. */
  readonly copy: ExchangeCopy | null;
}

/** The stream of got that runs the request. It is destroyed when the hop ends early. */
export interface Driver {
  destroy(): void;
  pause(): void;
  resume(): void;
}

/** A stream of HTTP/2 on which a hop is made (src/fetch/http2/). */
export interface HopStream {
  /** The IP address of the server; null if it is not known. */
  readonly address: string | null;
  /** As `stale` and `unprocessed` of a hop that failed. */
  readonly isStale: boolean;
  readonly unprocessed: Unprocessed | null;
  /** Calls back when the request has been sent. */
  onSent(sent: () => void): void;
  /** Gives an answer the form that it has over HTTP/1.1. */
  shape(response: IncomingMessage): void;
  /** The head of the request, in the form that it has over HTTP/1.1, without the empty line. */
  sentHead(): string;
  /** What the stream ended with, as an error of a connection or of Node's parser. */
  errorOf(error: Error): Error;
  /** The hop has ended: another one may have a stream. */
  release(): void;
}

/** The version of HTTP in which an answer came: "1.0", "1.1", "2". */
export function versionOf({ httpVersion }: Pick<IncomingMessage, 'httpVersion'>): string {
  return httpVersion === '2.0' ? '2' : httpVersion;
}
