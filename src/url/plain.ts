// Recognises URLs and hrefs that normalisation would not change. Regular expressions do this in an eighth of
// the time of parsing. They may say no to a normalised URL, but a yes is always right: a property test checks
// that.

/** Characters that are encoded neither in a path nor in a query. */
const run = '[A-Za-z0-9\\-_~.!$&()*+,;=:@/]*';
/** The percent-encoding of a byte that is no ASCII character. */
const triplet = '%[89A-F][0-9A-F]';
const path = `/${run}(?:${triplet}${run})*`;
/** A query that is not empty, or none. */
const query = `(?:\\?(?!$)${run}(?:(?:${triplet}|[?])${run})*)?$`;
/**
 * No label is punycode, which may be malformed. The last label begins with a letter, so this is no IPv4
 * address.
 */
const host = '(?:(?!xn--)[a-z0-9-]+\\.)*(?!xn--)[a-z][a-z0-9-]*';

const plainUrl = new RegExp(`^https?://${host}${path}${query}`);
const plainPath = new RegExp(`/(?!/)${path.slice(1)}${query}`, 'y');
const plainQuery = new RegExp(`^(?=[?])${query}`);
/** The first segment has no colon, because a colon would end a scheme. */
const plainRelative = new RegExp(`^[A-Za-z0-9_-][A-Za-z0-9\\-_~.!$&()*+,;=@]*(?:${path})?${query}`);

/** Whether `text` is a normalised URL. */
export function isPlainUrl(text: string): boolean {
  return plainUrl.test(text) && mayHoldNoDotSegment(text);
}

/**
 * Whether the text from `from` on is a normalised path with or without a query. It begins with one slash, not
 * `//host`.
 */
export function isPlainPath(text: string, from = 0): boolean {
  plainPath.lastIndex = from;
  return plainPath.test(text) && mayHoldNoDotSegment(text);
}

/** Whether `text` is a normalised query. It begins with a question mark. */
export function isPlainQuery(text: string): boolean {
  return plainQuery.test(text);
}

/**
 * Whether `text` is a normalised path relative to the directory of its base, for example `page-2.html?all`.
 */
export function isPlainRelative(text: string): boolean {
  return plainRelative.test(text) && mayHoldNoDotSegment(text);
}

function mayHoldNoDotSegment(text: string): boolean {
  return !text.includes('/.');
}
