// Dates in header fields (RFC 9110 section 5.6.7).

/** The one form that has no zone: it means UTC. */
export const asctime = /^[A-Za-z]{3} [A-Za-z]{3} [ \d]\d \d{2}:\d{2}:\d{2} \d{4}$/;

/** Milliseconds since 1970; NaN for what is no date. Other forms than those of HTTP are read too. */
export function readHttpDate(text: string): number {
  return Date.parse(asctime.test(text) ? `${text} GMT` : text);
}
