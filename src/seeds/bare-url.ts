// A URL without a scheme, such as `example.com/page`, as people write it. One reading for arguments, lists,
// programs and the API; the reader is told which scheme was assumed.
import { parse as parseHost } from 'tldts';

export type AssumedScheme = 'https' | 'http';

export interface BareUrl {
  /** With the scheme. */
  url: string;
  scheme: AssumedScheme;
}

/** A host with an optional port, then a path, a query or nothing. */
const bare =
  /^(?:\/\/)?((?:[\p{L}\p{N}_-]+\.)*[\p{L}\p{N}_-]+\.?|\[[0-9a-f:.]+\])(?::(\d{1,5}))?(?:[/?#].*)?$/isu;

/**
 * Reads a URL without a scheme; null for any other text. As in browsers, http is assumed for IP addresses and
 * localhost, which rarely have a certificate, and https for other names; the ports 80 and 443 decide by
 * themselves. A name must end in a public suffix, so that a misspelt `urls.txt` is not taken for a host.
 */
export function readBareUrl(text: string): BareUrl | null {
  if (/^https?:/i.test(text)) return null; // nearly every line
  const [, host = '', port] = bare.exec(text) ?? [];
  if (host === '') return null;
  const { isIcann, isIp } = parseHost(host);
  const isLocal = isIp === true || /^(.+\.)?localhost\.?$/i.test(host);
  if (!isLocal && isIcann !== true) return null;
  // A bare number is read as an IPv4 address by browsers, but nobody writes it as a URL.
  if (isLocal && !/[.:a-z]/i.test(host)) return null;
  const isHttp = port === '80' || (isLocal && port !== '443');
  const scheme = isHttp ? 'http' : 'https';
  return { url: `${scheme}://${text.replace(/^\/\//, '')}`, scheme };
}

/** The sentence for a user whose URL had no scheme. `url` is the one that was made of it. */
export function assumedText(scheme: AssumedScheme, url: string): string {
  const other = scheme === 'https' ? 'http' : 'https';
  return `a seed without a scheme is taken as ${url}: ${scheme} is assumed; write ${other}:// if that is meant`;
}
