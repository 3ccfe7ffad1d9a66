// The heads of requests and answers as an archive keeps them.

/** What stands for a header value that may be a secret. */
const LEFT_OUT = '[redacted]';

/**
 * Headers of a request whose values are kept. Users give the others, and one of them may be a key:
 * `authorization`, `cookie`, `x-api-key`.
 */
const keptOfRequest =
  /^(?:host|user-agent|connection|accept(?:-\w+)?|content-(?:type|length|encoding|language)|if-(?:match|none-match|modified-since|unmodified-since|range)|range|referer|origin|from|cache-control|pragma|transfer-encoding|upgrade-insecure-requests|dnt)$/i;

/** The head of a request as it was sent, but for what may be a secret. With the empty line. */
export function requestHead(sent: string): string {
  const lines = sent.split('\r\n').map((line, index) => (index === 0 ? line : withoutSecret(line)));
  return `${lines.join('\r\n')}\r\n\r\n`;
}

function withoutSecret(line: string): string {
  const colon = line.indexOf(':');
  const name = line.slice(0, colon);
  return keptOfRequest.test(name) ? line : `${name}: ${LEFT_OUT}`;
}

/** What the name of a header that no longer holds is put behind. */
const FORMER = 'X-Archive-Orig-';

/**
 * The head of an answer as it came, with the empty line. A transfer coding has been undone (RFC 2616 section
 * 7.2: the entity body), so its header gets another name; beside it, a Content-Length is not valid either
 * (RFC 9112 section 6.3). `rawHeaders`: names and values in since, each character a byte.
 */
export function answerHead(statusLine: string, rawHeaders: readonly string[]): string {
  const isCoded = firstHeader(rawHeaders, 'transfer-encoding') !== null;
  let head = `${statusLine}\r\n`;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] as string;
    const isFormer = isCoded && /^(?:transfer-encoding|content-length)$/i.test(name);
    head += `${isFormer ? FORMER : ''}${name}: ${rawHeaders[at + 1]}\r\n`;
  }
  return `${head}\r\n`;
}

/** The value of the first header of that name, which is in lower case; null if there is none. */
export function firstHeader(rawHeaders: readonly string[], wanted: string): string | null {
  for (let at = 0; at < rawHeaders.length; at += 2)
    if ((rawHeaders[at] as string).toLowerCase() === wanted) return rawHeaders[at + 1] ?? '';
  return null;
}

/** Whether the request asked for an answer only if something has changed (RFC 9110 section 13). */
export function isConditional(sent: string): boolean {
  return /^if-(?:none-match|modified-since):/im.test(sent);
}
