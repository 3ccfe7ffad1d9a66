// What a body is: whether it is HTML, and its text, with the character set found as a browser finds it.
import { isUtf8 } from 'node:buffer';
import { getBOMEncoding, legacyHookDecode, normalizeEncoding } from '@exodus/bytes/encoding.js';
import chardet from 'chardet';
import sniffHtmlEncoding from 'html-encoding-sniffer';

/** As much of a body as is looked at to guess its character set: 2 ms. */
const sampleBytes = 8 * 1024;
/** chardet's confidence, of 100, below which windows-1252 is as good a guess. */
const leastConfidence = 20;
const escapeByte = 0x1b;

/** A body as text. `charset` is the WHATWG name in lower case: utf-8, windows-1252, shift_jis. */
export interface Text {
  text: string;
  charset: string;
}

/**
 * Decodes a body as a browser does: byte order mark, then the charset of Content-Type, then `<meta>` or the XML
 * declaration, then detection, windows-1252 last. What does not decode becomes U+FFFD; never throws.
 * Source: https://html.spec.whatwg.org/multipage/parsing.html#determining-the-character-encoding
 */
export function decodeText(body: Uint8Array, contentType: string | null | undefined): Text {
  const declared = declaredCharset(contentType);
  const charset = getBOMEncoding(body) ?? declared ?? sniffed(body, contentType) ?? detected(body);
  if (charset !== 'utf-8') return { text: legacyHookDecode(body, charset), charset };
  const start = body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf ? 3 : 0;
  return { text: asBuffer(body).toString('utf8', start), charset };
}

/** Whether a body is HTML: by its Content-Type, or by its first bytes where there is none. */
export function isHtml(contentType: string | null | undefined, body: Uint8Array): boolean {
  const type = contentType?.split(';', 1)[0]?.trim().toLowerCase();
  if (type) return type === 'text/html' || type === 'application/xhtml+xml';
  return htmlStart.test(asBuffer(body.subarray(0, 1024)).toString('latin1').replaceAll('\0', ''));
}

/** After https://mimesniff.spec.whatwg.org/#identifying-a-resource-with-an-unknown-mime-type */
const htmlStart =
  /^(?:\xef\xbb\xbf|\xfe\xff|\xff\xfe)?[\t\n\f\r ]*<(?:!doctype html|html|head|script|iframe|h1|div|font|table|a|style|title|b|body|br|p|!--)[ >\t\n\f\r-]/i;

function declaredCharset(contentType: string | null | undefined): string | null {
  const label = contentType && /;\s*charset\s*=\s*["']?([^\s;"']+)/i.exec(contentType)?.[1];
  return label ? normalizeEncoding(label) : null;
}

function sniffed(body: Uint8Array, contentType: string | null | undefined): string | null {
  const xml = /\bxml\b/i.test(contentType ?? '') && !/\bxhtml\b/i.test(contentType ?? '');
  // An encoding that cannot be a name stands for "not found".
  const found = sniffHtmlEncoding(body, { xml, defaultEncoding: notFound });
  return found === notFound ? null : normalizeEncoding(found);
}

const notFound = '';

function detected(body: Uint8Array): string {
  const utf8 = isUtf8(body);
  if (utf8 && !body.includes(escapeByte)) return 'utf-8';
  const guess = guessed(sampleOf(body));
  // Valid UTF-8 beats every guess but one: ISO-2022-JP is plain ASCII with escape sequences.
  if (utf8) return guess === 'iso-2022-jp' ? guess : 'utf-8';
  return guess ?? 'windows-1252';
}

/** Where the first byte beyond ASCII is: a page begins with markup, which tells nothing. */
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
    // A table that leaves holes in the text is the wrong table; the last character may be cut in two.
    if (charset && !legacyHookDecode(sample, charset).slice(0, -4).includes('\ufffd')) return charset;
  }
  return null;
}

/** UTF-8 with a broken byte here and there: no other encoding looks like that by accident. */
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
