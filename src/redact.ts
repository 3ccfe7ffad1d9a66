// Removes secrets from everything that drover shows: logs, dead letters, answers of the API, explanations,
// exports.

const secretNames =
  /^(?:proxy-)?authorization$|^(?:set-)?cookie$|(?:token|password|passphrase|secret|api[-_]?key)$/i;

/**
 * Matches `scheme://user:password@`. The password may contain a slash, but the port in `http://host:80/a@b`
 * is none.
 */
const urlPassword = /(\b[a-z][a-z0-9+.-]*:\/\/[^\s"/?#:@]*:)(?!\d{1,5}[/?#])(?:[^\s"/?#]*@|[^\s"@]*@)/gi;
const headerLine = /\b((?:proxy-)?authorization|(?:set-)?cookie)(:\s*)\S.*/gi;
const bearer = /\b(bearer)\s+[\w.~+/=-]{8,}/gi;
const tokenParameter = /([?&][^=&\s"]{0,100}(?:token|password|passphrase|secret|api[-_]?key)=)[^&\s"]+/gi;

/** The text that replaces a secret. */
export const REDACTED = '[redacted]';

/** Whether the value of a header or field of this name is a secret. */
export function isSecretName(name: string): boolean {
  return secretNames.test(name);
}

/** Replaces the secrets in a text: passwords in URLs, credentials in headers, tokens. */
export function redact(text: string): string {
  return text
    .replace(urlPassword, `$1${REDACTED}@`)
    .replace(headerLine, `$1$2${REDACTED}`)
    .replace(bearer, `$1 ${REDACTED}`)
    .replace(tokenParameter, `$1${REDACTED}`);
}

/**
 * A copy of plain data in which secrets are replaced, at any depth: the values of secret names and secrets in
 * texts.
 */
export function redacted<T>(value: T): T {
  if (typeof value === 'string') return redact(value) as T;
  if (Array.isArray(value)) return value.map((item) => redacted(item)) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name,
      isSecretName(name) && inner !== null ? REDACTED : redacted(inner),
    ]),
  ) as T;
}
