// One path pattern of a robots.txt. It is converted to a form whose octets can be compared, and matched
// without backtracking. A text of octets is a string in which each character is one octet (Latin-1).

/**
 * Characters that stay as they are: unreserved ones and delimiters (RFC 3986 §2.2, §2.3), without `*` and
 * `$`.
 */
const plain = /^[A-Za-z0-9\-._~:/?#[\]@!&'()+,;=]*$/;
const pieces = /%[0-9A-Fa-f]{2}|[^A-Za-z0-9\-._~:/?#[\]@!&'()+,;=]/g;
const unreserved = /[A-Za-z0-9\-._~]/;
/** Delimiters that equal their encoded form in a query (second example of RFC 9309 §2.2.2). */
const encodable = /[:/?#[\]@!'(),;]/g;

/**
 * The form of a text of octets in which these are compared (RFC 9309 §2.2.2): octets beyond ASCII are
 * percent-encoded, in whatever character set the file was written; encoded unreserved characters are decoded,
 * hex digits are upper case. `*` and `$` are encoded too, so that `%2A` and `%24` in a pattern match them
 * (§2.2.3), and so are characters that no URL contains unencoded.
 */
export function comparable(octets: string): string {
  if (plain.test(octets)) return octets;
  return octets.replace(pieces, (piece) => {
    if (piece.length === 1) return encodeOctet(piece);
    const character = String.fromCharCode(Number.parseInt(piece.slice(1), 16));
    return unreserved.test(character) ? character : piece.toUpperCase();
  });
}

const encodeOctet = (octet: string) => `%${octet.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
const encodeDelimiters = (text: string) => text.replace(encodable, encodeOctet);

/** The octets of a text in UTF-8. */
export function octetsOf(text: string): string {
  return /^[\x00-\x7f]*$/.test(text) ? text : Buffer.from(text).toString('latin1');
}

/**
 * The path and query of a URL in the form for matching. `encoded` is a second form, in which all delimiters
 * of the query are encoded; null if there is no query.
 */
export interface ComparablePath {
  plain: string;
  encoded: string | null;
}

/** Prepares the path and query of a URL (`text`) for matching. */
export function comparablePath(text: string): ComparablePath {
  const path = comparable(octetsOf(text));
  const query = path.indexOf('?') + 1;
  return {
    plain: path,
    encoded: query > 0 ? path.slice(0, query) + encodeDelimiters(path.slice(query)) : null,
  };
}

/** A pattern, split at its wildcards. */
export interface Pattern {
  /**
   * How specific the pattern is: the number of octets of its comparable form, where each wildcard counts as
   * one.
   */
  octets: number;
  /** The texts between the wildcards. */
  literals: string[];
  /** The second form of these texts, with encoded delimiters, for patterns with a query. */
  encoded: string[] | null;
  /** Whether the pattern ends in "$": the path must end where the pattern ends. */
  anchored: boolean;
}

/** Prepares the value of an allow or disallow line, a text of octets, for matching. */
export function compilePattern(value: string): Pattern {
  const anchored = value.endsWith('$');
  const literals = (anchored ? value.slice(0, -1) : value).split('*').map(comparable);
  const octets = literals.reduce(
    (sum, literal) => sum + literal.length,
    literals.length - 1 + Number(anchored),
  );
  return { octets, literals, encoded: encodeQuery(literals), anchored };
}

function encodeQuery(literals: string[]): string[] | null {
  const first = literals.findIndex((literal) => literal.includes('?'));
  if (first < 0) return null;
  return literals.map((literal, index) => {
    if (index < first) return literal;
    const query = index === first ? literal.indexOf('?') + 1 : 0;
    return literal.slice(0, query) + encodeDelimiters(literal.slice(query));
  });
}

/** Whether the pattern matches the path in one of the two forms. */
export function matches(pattern: Pattern, path: ComparablePath): boolean {
  if (fits(pattern.literals, pattern.anchored, path.plain)) return true;
  if (pattern.encoded === null || path.encoded === null) return false;
  return fits(pattern.encoded, pattern.anchored, path.encoded);
}

/**
 * Whether the path begins with the pattern's text before its first wildcard. True for all matching paths and
 * others.
 */
export function matchesRoughly(pattern: Pattern, path: ComparablePath): boolean {
  if (path.plain.startsWith(pattern.literals[0] as string)) return true;
  return pattern.encoded !== null && (path.encoded?.startsWith(pattern.encoded[0] as string) ?? false);
}

/**
 * Whether the literals occur in the path, in order. Each literal is searched after the one before it, and the
 * leftmost place is taken: this finds a match if there is one, without going back.
 */
function fits(literals: string[], anchored: boolean, path: string): boolean {
  const first = literals[0] as string;
  if (!path.startsWith(first)) return false;
  let at = first.length;
  const last = literals.length - 1;
  if (last === 0) return !anchored || at === path.length;
  for (let index = 1; index < last; index++) {
    const literal = literals[index] as string;
    const found = path.indexOf(literal, at);
    if (found < 0) return false;
    at = found + literal.length;
  }
  const end = literals[last] as string;
  if (anchored) return path.length - end.length >= at && path.endsWith(end);
  return path.includes(end, at);
}
