// The text of a body. Its character set is found the way a browser finds it.
import { isUtf8 } from 'node:buffer';
import { getBOMEncoding, legacyHookDecode, normalizeEncoding } from '@exodus/bytes/encoding.js';
import chardet from 'chardet';
import sniffHtmlEncoding from 'html-encoding-sniffer';
import { metaCharset } from '../../markup/meta-charset.ts';
import type { MediaType } from './media-type.ts';

/** The size of the sample from which a character set is guessed. A guess takes about 2 ms. */
const sampleBytes = 8 * 1024;
/** Guesses of chardet below this confidence (0 to 100) are ignored: windows-1252 is then as likely. */
const leastConfidence = 20;
const escapeByte = 0x1b;

/**
 * A body as text. `charset` is the WHATWG name in lower case, for example utf-8, windows-1252 or shift_jis.
 */
export interface Text {
  text: string;
  charset: string;
}

/**
 * Decodes a body as a browser does. The first of these that gives a character set decides: the byte order
 * mark, the charset of Content-Type, `<meta>` in HTML or the XML declaration, detection from the bytes,
 * windows-1252. Bytes that cannot be decoded become U+FFFD. Never throws.
 * Source: https://html.spec.whatwg.org/multipage/parsing.html#determining-the-character-encoding
 */
export function decodeText(body: Uint8Array, type: MediaType): Text {
  const charset = getBOMEncoding(body) ?? type.charset ?? declaredIn(body, type) ?? detected(body, type);
  if (charset !== 'utf-8') return { text: legacyHookDecode(body, charset), charset };
  const start = body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf ? 3 : 0;
  return { text: asBuffer(body).toString('utf8', start), charset };
}

/**
 * What the body says of itself. An XML declaration counts in other types too: sitemaps are sent with any.
 */
function declaredIn(body: Uint8Array, { kind }: MediaType): string | null {
  const meta = kind === 'html' ? metaCharset(body) : null;
  if (meta !== null) return meta;
  // The default is no valid name of an encoding, so that "not found" can be told from a result.
  const found = sniffHtmlEncoding(body, { xml: true, defaultEncoding: notFound });
  return found === notFound ? null : normalizeEncoding(found);
}

const notFound = '';

function detected(body: Uint8Array, { kind }: MediaType): string {
  const utf8 = isUtf8(body);
  if (utf8 && !body.includes(escapeByte)) return 'utf-8';
  // XML is UTF-8 unless it says otherwise. Where it is not, the meta of an XHTML page may tell.
  const meta = kind === 'xml' && !utf8 ? metaCharset(body) : null;
  if (meta !== null && meta !== 'utf-8') return meta;
  const guess = guessed(sampleOf(body));
  // Valid UTF-8 wins over every guess but one: text in ISO-2022-JP is ASCII with escape sequences, so valid
  // UTF-8 too.
  if (utf8) return guess === 'iso-2022-jp' ? guess : 'utf-8';
  return guess ?? 'windows-1252';
}

/**
 * The bytes around the first one beyond ASCII. A page begins with markup, which says nothing about the
 * encoding.
 */
function sampleOf(body: Uint8Array): Uint8Array {
  let first = 0;
  while (first < body.length && (body[first] as number) < 0x80 && body[first] !== escapeByte) first++;
  const start = Math.max(0, first - 256);
  return body.subarray(start, start + sampleBytes);
}

function guessed(sample: Uint8Array): string | null {
  if (isNearlyUtf8(sample)) return 'utf-8';
  for (const { name, confidence } of chardet.analyse(sample)) {
    if (confidence < leastConfidence) return null;
    const charset = normalizeEncoding(name);
    // An encoding that cannot decode some bytes is the wrong one. The end of the sample may cut a character
    // in two.
    if (charset && !legacyHookDecode(sample, charset).slice(0, -4).includes('\ufffd')) return charset;
  }
  return null;
}

/**
 * Whether the sample is UTF-8 with few broken bytes. Text in another encoding does not look like that by
 * accident.
 */
function isNearlyUtf8(sample: Uint8Array): boolean {
  const beyondAscii =
    asBuffer(sample)
      .toString('utf8')
      .match(/[^\x00-\x7f]/g) ?? [];
  const broken = beyondAscii.filter((character) => character === '\ufffd').length;
  return beyondAscii.length > broken * 10;
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
