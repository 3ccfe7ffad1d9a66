// One path pattern of robots.txt: brought to the form in which octets are compared, and matched without backtracking.

/** Unreserved characters and delimiters (RFC 3986 §2.2, §2.3): they stand for themselves. `*` and `$` have a meaning in patterns. */
const plain = /^[A-Za-z0-9\-._~:/?#[\]@!&'()+,;=]*$/;
const pieces = /%[0-9A-Fa-f]{2}|%|[^A-Za-z0-9\-._~:/?#[\]@!&'()+,;=%]+/gu;
const unreserved = /[A-Za-z0-9\-._~]/;
/** Delimiters that RFC 9309 §2.2.2 (its second example) has equal to their encoded form in a query. */
const encodable = /[:/?#[\]@!'(),;]/g;

/**
 * RFC 9309 §2.2.2: what is not ASCII is percent-encoded, an encoded unreserved character is decoded, hex digits are upper case.
 * Also encoded: `*` and `$`, so that a pattern's `%2A` and `%24` match them (§2.2.3), and what no URL holds unencoded.
 */
export function comparable(text: string): string {
  if (plain.test(text)) return text;
  return text.toWellFormed().replace(pieces, (piece) => {
    if (piece.length === 3 && piece[0] === '%') {
      const character = String.fromCharCode(Number.parseInt(piece.slice(1), 16));
      return unreserved.test(character) ? character : piece.toUpperCase();
    }
    return encodeURIComponent(piece).replaceAll('*', '%2A');
  });
}

const encodeDelimiter = (character: string) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
const encodeDelimiters = (text: string) => text.replace(encodable, encodeDelimiter);

/** A URL's path and query, ready to be matched. `encoded`: the second reading, all delimiters of the query encoded. */
export interface ComparablePath {
  plain: string;
  encoded: string | null;
}

/** `text`: path and query of a URL. */
export function comparablePath(text: string): ComparablePath {
  const path = comparable(text);
  const query = path.indexOf('?') + 1;
  return {
    plain: path,
    encoded: query > 0 ? path.slice(0, query) + encodeDelimiters(path.slice(query)) : null,
  };
}

/** A pattern cut at its wildcards. */
export interface Pattern {
  /** How specific it is: the octets of its comparable form, each wildcard one. */
  octets: number;
  literals: string[];
  /** The second reading, for patterns with a query. */
  encoded: string[] | null;
  /** It ended in "$": the path must end where it ends. */
  anchored: boolean;
}

/** `text`: the value of an allow or disallow line. */
export function compilePattern(text: string): Pattern {
  const anchored = text.endsWith('$');
  const literals = (anchored ? text.slice(0, -1) : text).split('*').map(comparable);
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

/** Whether the pattern matches, by either reading of an encoded query. */
export function matches(pattern: Pattern, path: ComparablePath): boolean {
  if (fits(pattern.literals, pattern.anchored, path.plain)) return true;
  if (pattern.encoded === null || path.encoded === null) return false;
  return fits(pattern.encoded, pattern.anchored, path.encoded);
}

/** Whether it would match if its first wildcard stood at its end: true for all that it matches, and more. */
export function matchesRoughly(pattern: Pattern, path: ComparablePath): boolean {
  if (path.plain.startsWith(pattern.literals[0] as string)) return true;
  return pattern.encoded !== null && (path.encoded?.startsWith(pattern.encoded[0] as string) ?? false);
}

/** Each literal is looked for behind the one before, leftmost first: that finds a match if there is one, and never goes back. */
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
