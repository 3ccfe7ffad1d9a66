// Finds the character set that an HTML page names itself, in a meta tag.
import { normalizeEncoding } from '@exodus/bytes/encoding.js';
import { scanTags, type Tag } from './tags.ts';

/** Most pages name it in the first bytes, where browsers look for it first. */
const firstBytes = 1024;

/**
 * The WHATWG name, in lower case, of the character set in the first `<meta charset>`, or `<meta
 * http-equiv=content-type>`, that names one. Null if there is none. It counts anywhere in the page: an
 * encoding that was only guessed is changed when such a tag comes (HTML standard §13.2.3.5). It does not
 * count in comments, scripts, style sheets, templates and raw text. Takes linear time.
 */
export function metaCharset(page: Uint8Array): string | null {
  const bytes = Buffer.from(page.buffer, page.byteOffset, page.byteLength);
  const found = charsetIn(bytes.toString('latin1', 0, firstBytes));
  if (found !== null || bytes.length <= firstBytes) return found;
  const text = bytes.toString('latin1');
  return /charset/i.test(text) ? charsetIn(text) : null;
}

function charsetIn(text: string): string | null {
  let found: string | null = null;
  const take = (tag: Tag) => {
    if (tag.name === 'meta' && !tag.isForeign) found = charsetOf(tag);
    return found === null;
  };
  scanTags(text, { take, takeTitle: () => undefined });
  return found;
}

/** "Algorithm for extracting a character encoding from a meta element" (HTML standard §2.5.4). */
const charsetInContent =
  /charset[\t\n\f\r ]*=[\t\n\f\r ]*(?:"([^"]*)"|'([^']*)'|([^\t\n\f\r ;"'][^\t\n\f\r ;]*))/i;

function charsetOf(tag: Tag): string | null {
  const own = normalizeEncoding(tag.get('charset') ?? '');
  if (own !== null) return declarable(own);
  if (tag.get('http-equiv')?.toLowerCase() !== 'content-type') return null;
  const [, double, single, plain] = charsetInContent.exec(tag.get('content') ?? '') ?? [];
  return declarable(normalizeEncoding(double ?? single ?? plain ?? ''));
}

/** A page whose tags could be read as ASCII is not in UTF-16. */
function declarable(charset: string | null): string | null {
  if (charset === 'utf-16le' || charset === 'utf-16be') return 'utf-8';
  return charset === 'x-user-defined' ? 'windows-1252' : charset;
}
