// What a body is: HTML, XML, other text or binary. The Content-Type decides as it does for a browser, and the
// first bytes where it says nothing.
import { normalizeEncoding } from '@exodus/bytes/encoding.js';

export interface MediaType {
  /** `type/subtype` in lower case, such as text/html. Null if Content-Type is absent or invalid. */
  essence: string | null;
  /** `text`: other than HTML and XML. XHTML is `xml`. */
  kind: 'html' | 'xml' | 'text' | 'binary';
  /** The WHATWG name, in lower case, of the character set that Content-Type names. Null if it names none. */
  charset: string | null;
}

/**
 * The media type of an answer. `contentType` is the value of the header, several of them joined by commas.
 * `noSniff`: the header X-Content-Type-Options says nosniff, and so the bytes make no HTML or XML of it.
 * Never throws. Takes linear time.
 * Sources: https://fetch.spec.whatwg.org/#concept-header-extract-mime-type,
 * https://mimesniff.spec.whatwg.org/#mime-type-sniffing-algorithm
 */
export function mediaTypeOf(
  contentType: string | null | undefined,
  body: Uint8Array,
  noSniff = false,
): MediaType {
  const named = contentType ? namedBy(contentType) : null;
  const isKnown = named !== null && !unknownTypes.has(named.essence);
  const kind = isKnown ? kindOf(named.essence) : sniffedKind(body, noSniff);
  return { essence: named?.essence ?? null, kind, charset: named?.charset ?? null };
}

/** Whether X-Content-Type-Options, its values joined by commas, forbids to guess a type (Fetch §3.6). */
export function isNoSniff(contentTypeOptions: string | undefined): boolean {
  return contentTypeOptions?.split(',', 1)[0]?.trim().toLowerCase() === 'nosniff';
}

const unknownTypes = new Set(['unknown/unknown', 'application/unknown', '*/*']);
const xmlType = /^(?:text|application)\/xml$|\+xml$/;
const textType = /^text\/|^application\/(?:json|xml|(?:x-)?javascript|ecmascript)|\+json$/;

function kindOf(essence: string): MediaType['kind'] {
  if (essence === 'text/html') return 'html';
  if (xmlType.test(essence)) return 'xml';
  return textType.test(essence) ? 'text' : 'binary';
}

interface Named {
  essence: string;
  charset: string | null;
}

/** What Content-Type names, by its value: a site has few of them. */
const read = new Map<string, Named | null>();
const MOST_READ = 200;
const LONGEST_READ = 200;

/** With the WHATWG name of the character set. */
function namedBy(contentType: string): Named | null {
  const known = read.get(contentType);
  if (known !== undefined) return known;
  const found = extracted(contentType);
  const named = found && { ...found, charset: found.charset ? normalizeEncoding(found.charset) : null };
  if (read.size >= MOST_READ) read.clear();
  if (contentType.length <= LONGEST_READ) read.set(contentType, named);
  return named;
}

const outsideQuotes = /(?:[^",]|"(?:[^"\\]|\\[\s\S])*"?)+/g;

/**
 * The last valid type counts. It inherits the charset of the ones before it if they are all of one type.
 */
function extracted(contentType: string): Named | null {
  let found = null as Named | null;
  let charset: string | null = null;
  for (const [value] of contentType.matchAll(outsideQuotes)) {
    const next = parsed(value);
    if (next === null || next.essence === '*/*') continue;
    if (next.essence !== found?.essence) charset = next.charset;
    found = { essence: next.essence, charset: next.charset ?? charset };
  }
  return found;
}

const token = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const typeStart = new RegExp(`^[\\t\\n\\r ]*(${token}/${token})[\\t\\n\\r ]*(?=;|$)`);
/** The name of a parameter, and its value in quotes or without. */
const parameter = /;[\t\n\r ]*([^;=]*)(?:=(?:"((?:[^"\\]|\\[\s\S])*)[^;]*|([^;]*)))?/g;

function parsed(value: string): Named | null {
  const start = typeStart.exec(value);
  if (!start?.[1]) return null;
  let charset: string | null = null;
  for (const [, name = '', quoted, plain = ''] of value.slice(start[0].length).matchAll(parameter)) {
    const text = quoted?.replace(/\\([\s\S])/g, '$1') ?? plain.trimEnd();
    const isCharset = name.toLowerCase() === 'charset' && (quoted !== undefined || text !== '');
    if (isCharset) charset ??= text;
  }
  return { essence: start[1].toLowerCase(), charset };
}

/** The part of a body that is looked at (mimesniff §5.2). */
const headerBytes = 1445;
const htmlStart =
  /^[\t\n\f\r ]*<(?:(?:!doctype html|html|head|script|iframe|h1|div|font|table|a|style|title|b|body|br|p)[ >\t\n\f\r]|!--)/i;
const xmlStart = /^[\t\n\f\r ]*<\?xml/;
const documentStart = /^%PDF-|^%!PS-Adobe-/;
const markStart = /^(?:\xef\xbb\xbf|\xfe\xff|\xff\xfe)/;
const binaryByte = /[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f]/;

/** Source: https://mimesniff.spec.whatwg.org/#identifying-a-resource-with-an-unknown-mime-type */
function sniffedKind(body: Uint8Array, noSniff: boolean): MediaType['kind'] {
  const start = Buffer.from(body.buffer, body.byteOffset, Math.min(body.byteLength, headerBytes)).toString(
    'latin1',
  );
  if (!noSniff && htmlStart.test(start)) return 'html';
  if (!noSniff && xmlStart.test(start)) return 'xml';
  if (documentStart.test(start)) return 'binary';
  return markStart.test(start) || !binaryByte.test(start) ? 'text' : 'binary';
}
