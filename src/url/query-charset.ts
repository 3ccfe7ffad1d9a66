// Encodes the query of a link in the character set of its page, as browsers do.
import { createRequire } from 'node:module';

const notAscii = /[^\x00-\x7f]/;
/**
 * "Get an output encoding" (Encoding standard §4.3): for these it is UTF-8, which every URL parser writes.
 */
const writtenAsUtf8 = new Set(['utf-8', 'utf-16le', 'utf-16be', 'replacement']);
/**
 * The special-query percent-encode set (URL standard §1.3), beside control characters and all beyond ASCII.
 */
const encodedInQuery = ' "#\'<>';

/**
 * A function that percent-encodes the query of an href from a page in `charset`, a WHATWG name in lower case.
 * A character that the charset does not have becomes `%26%23NNNN%3B`. Path and fragment stay as they are: a
 * URL parser writes them in UTF-8. Null if the parser does that with the query too. Holds for http and https.
 * Takes linear time. Source: https://url.spec.whatwg.org/#query-state
 */
export function queryEncoder(charset: string): ((href: string) => string) | null {
  if (writtenAsUtf8.has(charset)) return null;
  return (href) => {
    if (!notAscii.test(href)) return href;
    const start = href.indexOf('?') + 1;
    const hash = href.indexOf('#');
    const end = hash < 0 ? lastCharacterEnd(href) : hash;
    if (start === 0 || start > end) return href;
    const query = href.slice(start, end);
    if (!notAscii.test(query)) return href;
    // The URL parser leaves out tabs and line ends, wherever they are.
    const encoded = loadEncoder()(charset, query.replace(/[\t\n\r]+/g, ''), encodedInQuery);
    return href.slice(0, start) + encoded + href.slice(end);
  };
}

type Encoder = typeof import('@exodus/bytes/whatwg.js').percentEncodeAfterEncoding;
let encoder: Encoder | undefined;

/** Loaded for the first query that needs it: with its tables it takes 8 ms. */
function loadEncoder(): Encoder {
  if (encoder) return encoder;
  const load = createRequire(import.meta.url);
  load('@exodus/bytes/encoding.js'); // without it, the encoder knows no character sets of several bytes
  encoder = (load('@exodus/bytes/whatwg.js') as { percentEncodeAfterEncoding: Encoder })
    .percentEncodeAfterEncoding;
  return encoder;
}

/** The index after the last character but spaces and control characters, which the URL parser leaves out. */
function lastCharacterEnd(href: string): number {
  let end = href.length;
  while (end > 0 && href.charCodeAt(end - 1) <= 0x20) end--;
  return end;
}
