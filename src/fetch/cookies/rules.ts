// Which cookies are taken from an answer: what RFC 6265bis says, where tough-cookie leaves it to its user.

/** Limit of a cookie's name and value together, in bytes, as in browsers. Longer ones are left out. */
const MOST_BYTES = 4096;
/** Of one answer, the last lines alone are read. */
const MOST_LINES = 180;

/**
 * No cookie for a public suffix, none that a prefix such as `__Host-` forbids. Secure ones travel over https,
 * and to loopback addresses over http too, as in browsers.
 */
export const jarRules = { looseMode: true, prefixSecurity: 'silent' } as const;

/**
 * The page as tough-cookie is to be asked about it. It takes the escapes out of a path before it compares it
 * with the Path of a cookie, which has them (RFC 6265 section 5.1.4); so they are escaped once more.
 */
export function cookiePage(url: string): URL {
  const { protocol, hostname, pathname } = new URL(url);
  return { protocol, hostname, pathname: pathname.replaceAll('%', '%25') } as URL;
}

const prefixed = /^__(?:Secure|Host)-/i;

/** Of the lines of Set-Cookie in an answer, those that may be read. */
export function readableLines(lines: readonly string[]): string[] {
  return lines.slice(-MOST_LINES).filter((line) => {
    const pair = pairIn(line);
    return pair.length <= MOST_BYTES && !posesAsPrefixed(pair);
  });
}

function pairIn(line: string): string {
  const end = line.indexOf(';');
  return end < 0 ? line : line.slice(0, end);
}

/**
 * A cookie without a name whose value looks like one with a prefix, and a prefix in other letters than its
 * own, pass the checks of the prefixes, and servers may take them for the real ones (RFC 6265bis 5.7).
 */
function posesAsPrefixed(pair: string): boolean {
  const name = nameIn(pair);
  if (name === '') return prefixed.test(pair.replace(/^\s*=?\s*/, ''));
  return prefixed.test(name) && !/^__(?:Secure|Host)-/.test(name);
}

/** The name in `name=value`; '' if it has none. */
export function nameIn(pair: string): string {
  const equals = pair.indexOf('=');
  return equals < 0 ? '' : pair.slice(0, equals).trim();
}
