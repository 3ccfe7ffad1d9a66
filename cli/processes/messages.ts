// What a consumer process tells the command that started it, over the channel between the two.
import type { HostAnswers } from '../../consumers/telemetry/host-times.ts';
import { DroverError, type ErrorCode, entryOf } from '../../src/errors.ts';
import { redisFailure } from '../../src/redis/failures.ts';

/** How much a consumer has to do. */
export interface Load {
  /** Fetches in flight. */
  inFlight: number;
  jobsPerSecond: number;
  /** CPU time in a second of time; more than 1 when threads work too. */
  cpu: number;
  /** The share of time in which its event loop was at work, 0 to 1. */
  loop: number;
}

export type FromConsumer =
  /** It takes jobs from now on. */
  | { kind: 'consuming' }
  /** It could not begin, and ends. */
  | { kind: 'failed'; trouble: Trouble }
  /** Sent twice a second, and at its end. `hosts` and `pages`: what was answered and ended since the last. */
  | { kind: 'load'; load: Load; hosts: HostAnswers[]; pages: number }
  /** A line for the user. */
  | { kind: 'line'; line: string }
  /** Why going on makes no sense, such as a full disk. */
  | { kind: 'trouble'; trouble: Trouble };

/** As it is sent, so that it is not taken for what a handler of the user sends. */
export interface Sent {
  ofDrover: FromConsumer;
}

/** An error as it is sent: with its code, or as the stack of a defect. */
export type Trouble = { code: ErrorCode; detail: string } | { code: null; detail: string };

export function packTrouble(error: unknown): Trouble {
  const known = error instanceof DroverError ? error : redisFailure(error);
  if (known) return { code: known.code, detail: known.detail };
  return { code: null, detail: error instanceof Error ? (error.stack ?? error.message) : String(error) };
}

export function unpackTrouble({ code, detail }: Trouble): Error {
  if (code !== null && entryOf(code)) return new DroverError(code, detail);
  return Object.assign(new Error(detail), { stack: detail });
}
