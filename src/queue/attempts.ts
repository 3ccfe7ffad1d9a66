// The attempts of a request as its job keeps them. They are packed small, because a site that is down leaves
// hundreds of thousands.
import { layerOf } from '../errors.ts';
import type { Timings } from '../outcome.ts';

/** One failed attempt. */
export interface Attempt {
  /** When it ended; ISO 8601. */
  at: string;
  code: string;
  layer: string;
  message: string;
  status: number | null;
  /** The address that was connected to, or tried. */
  address: string | null;
  finalUrl: string | null;
  /** In milliseconds. */
  timings: Timings;
  /** The first characters of a textual body, safe to show. */
  body: string | null;
}

/**
 * The fields in the order of Attempt. A text that is the same as in the attempt before is 1, and so is a URL
 * that is the request's own.
 */
export type PackedAttempt = [
  at: number,
  code: string,
  message: string | 1,
  status: number | null,
  address: string | null | 1,
  finalUrl: string | null | 1,
  timings: (number | null)[],
  body: string | null | 1,
];

const phases = ['dns', 'connect', 'tls', 'firstByte', 'download', 'total'] as const;

/** `url` is that of the request. */
export function packAttempts(attempts: readonly Attempt[], url: string): PackedAttempt[] {
  return attempts.map((attempt, index) => {
    const before = attempts[index - 1];
    const { code, status, timings } = attempt;
    const same = <T>(now: T, then: T | undefined): T | 1 => (now !== null && now === then ? 1 : now);
    return [
      Date.parse(attempt.at),
      code,
      same(attempt.message, before?.message),
      status,
      same(attempt.address, before?.address),
      same(attempt.finalUrl, url),
      phases.map((phase) => timings[phase]),
      same(attempt.body, before?.body),
    ];
  });
}

/** The inverse of packAttempts. */
export function unpackAttempts(packed: readonly PackedAttempt[], url: string): Attempt[] {
  const attempts: Attempt[] = [];
  for (const [at, code, message, status, address, finalUrl, times, body] of packed) {
    const before = attempts.at(-1);
    attempts.push({
      at: new Date(at).toISOString(),
      code,
      layer: layerOf(code),
      message: message === 1 ? (before?.message ?? '') : message,
      status,
      address: address === 1 ? (before?.address ?? null) : address,
      finalUrl: finalUrl === 1 ? url : finalUrl,
      timings: Object.fromEntries(
        phases.map((phase, index) => [phase, times[index] ?? null]),
      ) as unknown as Timings,
      body: body === 1 ? (before?.body ?? null) : body,
    });
  }
  return attempts;
}
