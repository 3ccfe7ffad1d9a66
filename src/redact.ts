// Secrets taken out of what is shown: logs, dead letters, answers of the API, explanations, exports.

const secretNames =
  /^(?:proxy-)?authorization$|^(?:set-)?cookie$|(?:token|password|passphrase|secret|api[-_]?key)$/i;

/** `scheme://user:password@`; a password with a slash in it too, but not the port of `http://host:80/a@b`. */
const urlPassword = /(\b[a-z][a-z0-9+.-]*:\/\/[^\s"/?#:@]*:)(?!\d{1,5}[/?#])(?:[^\s"/?#]*@|[^\s"@]*@)/gi;
const headerLine = /\b((?:proxy-)?authorization|(?:set-)?cookie)(:\s*)\S.*/gi;
const bearer = /\b(bearer)\s+[\w.~+/=-]{8,}/gi;
const tokenParameter = /([?&][^=&\s"]{0,100}(?:token|password|passphrase|secret|api[-_]?key)=)[^&\s"]+/gi;

/** What stands in a secret's place. */
export const REDACTED = '[redacted]';

/** Whether a header, or a field, of that name holds a secret. */
export function isSecretName(name: string): boolean {
  return secretNames.test(name);
}

/** The text without what must not be shown: passwords of URLs, credentials of headers, tokens. */
export function redact(text: string): string {
  return text
    .replace(urlPassword, `$1${REDACTED}@`)
    .replace(headerLine, `$1$2${REDACTED}`)
    .replace(bearer, `$1 ${REDACTED}`)
    .replace(tokenParameter, `$1${REDACTED}`);
}

/** A copy of plain data with every secret in it redacted, at any depth: values of secret names, and what stands in texts. */
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
