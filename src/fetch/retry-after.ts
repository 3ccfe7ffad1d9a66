// The Retry-After header (RFC 9110 section 10.2.3): a number of seconds, or a date.

const seconds = /^\d+(?:\.\d+)?$/;
/**
 * RFC 9110 section 5.6.7: IMF-fixdate, the obsolete RFC 850 form, and asctime, which has no zone and means
 * UTC.
 */
const datedInGmt = /^[A-Za-z]{3,9}, \d{1,2}[ -][A-Za-z]{3}[ -]\d{2,4} \d{2}:\d{2}:\d{2} GMT$/;
const asctime = /^[A-Za-z]{3} [A-Za-z]{3} [ \d]\d \d{2}:\d{2}:\d{2} \d{4}$/;

/**
 * The wait in milliseconds, counted from `nowMs` (Unix time); null if the header is absent, unreadable or in
 * the past.
 */
export function parseRetryAfter(value: string | null | undefined, nowMs: number): number | null {
  const text = value?.trim() ?? '';
  if (seconds.test(text)) return finite(Math.round(Number(text) * 1000));
  if (datedInGmt.test(text)) return fromDate(Date.parse(text), nowMs);
  if (asctime.test(text)) return fromDate(Date.parse(`${text} GMT`), nowMs);
  return null;
}

function fromDate(time: number, nowMs: number): number | null {
  const wait = time - nowMs;
  return wait >= 0 ? finite(wait) : null;
}

function finite(milliseconds: number): number | null {
  return Number.isSafeInteger(milliseconds) ? milliseconds : null;
}
