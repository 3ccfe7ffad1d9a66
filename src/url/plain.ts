// URLs and hrefs that normalisation leaves exactly as they are, told by regular expressions: in an eighth of the time
// that parsing takes. They say no when in doubt; that a yes is always right is held by a property test.

/** Characters that neither path nor query encodes; and triplets of bytes that stand for no ASCII character. */
const run = '[A-Za-z0-9\\-_~.!$&()*+,;=:@/]*';
const triplet = '%[89A-F][0-9A-F]';
const path = `/${run}(?:${triplet}${run})*`;
/** Not an empty one. */
const query = `(?:\\?(?!$)${run}(?:(?:${triplet}|[?])${run})*)?$`;
/** No punycode, which may be malformed; and a last label with which no IPv4 address ends. */
const host = '(?:(?!xn--)[a-z0-9-]+\\.)*(?!xn--)[a-z][a-z0-9-]*';

const plainUrl = new RegExp(`^https?://${host}${path}${query}`);
const plainPath = new RegExp(`/(?!/)${path.slice(1)}${query}`, 'y');
const plainQuery = new RegExp(`^(?=[?])${query}`);
/** Its first segment holds no colon, which would make it a scheme. */
const plainRelative = new RegExp(`^[A-Za-z0-9_-][A-Za-z0-9\\-_~.!$&()*+,;=@]*(?:${path})?${query}`);

/** Whether `text` is a normalised URL. */
export function isPlainUrl(text: string): boolean {
  return plainUrl.test(text) && mayHoldNoDotSegment(text);
}

/** Whether what begins at `from` with a slash is a normalised path, perhaps with a query, and not `//host`. */
export function isPlainPath(text: string, from = 0): boolean {
  plainPath.lastIndex = from;
  return plainPath.test(text) && mayHoldNoDotSegment(text);
}

/** Whether `text` is a normalised query with its question mark. */
export function isPlainQuery(text: string): boolean {
  return plainQuery.test(text);
}

/** Whether `text` is a path relative to the directory of its base, and normalised: `page-2.html?all`. */
export function isPlainRelative(text: string): boolean {
  return plainRelative.test(text) && mayHoldNoDotSegment(text);
}

function mayHoldNoDotSegment(text: string): boolean {
  return !text.includes('/.');
}
