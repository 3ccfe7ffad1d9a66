// The Retry-After header (RFC 9110 section 10.2.3): a number of seconds, or a date.
import { asctime, readHttpDate } from './http-date.ts';

const seconds = /^\d+(?:\.\d+)?$/;
/** IMF-fixdate and the obsolete RFC 850 form. */
const datedInGmt = /^[A-Za-z]{3,9}, \d{1,2}[ -][A-Za-z]{3}[ -]\d{2,4} \d{2}:\d{2}:\d{2} GMT$/;

/**
 * The wait in milliseconds, counted from `nowMs` (Unix time); null if the header is absent, unreadable or in
 * the past.
 */
export function parseRetryAfter(value: string | null | undefined, nowMs: number): number | null {
  const text = value?.trim() ?? '';
  if (seconds.test(text)) return finite(Math.round(Number(text) * 1000));
  if (datedInGmt.test(text) || asctime.test(text)) return fromDate(readHttpDate(text), nowMs);
  return null;
}

function fromDate(time: number, nowMs: number): number | null {
  const wait = time - nowMs;
  return wait >= 0 ? finite(wait) : null;
}

function finite(milliseconds: number): number | null {
  return Number.isSafeInteger(milliseconds) ? milliseconds : null;
}
