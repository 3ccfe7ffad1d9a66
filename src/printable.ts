// Makes text from servers safe to show, measures and cuts it.
import { createRequire } from 'node:module';

/**
 * Characters that a terminal executes or does not show: control characters (C0, DEL, C1, and so every escape
 * sequence), format characters (bidirectional overrides and isolates, zero-width characters, tags), line and
 * paragraph separators, lone surrogates, fillers. Not among them are the variation selectors of emoji, and
 * the Arabic and Kaithi number signs, which are visible.
 */
const unprintable =
  /[[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]--[\u{fe0e}\u{fe0f}\u{600}-\u{605}\u{6dd}\u{890}\u{891}\u{8e2}\u{110bd}\u{110cd}]]/gv;

const shortEscapes: Record<string, string> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function escapeOf(character: string): string {
  const hex = (character.codePointAt(0) ?? 0).toString(16);
  if (hex.length <= 2) return shortEscapes[character] ?? `\\x${hex.padStart(2, '0')}`;
  return hex.length <= 4 ? `\\u${hex.padStart(4, '0')}` : `\\u{${hex}}`;
}

/**
 * Makes text from a server or a file safe for a terminal, a log or a table. Characters that a terminal would
 * execute or hide are replaced by escapes (`\x1b`, `\u202e`, `\n`). The text is never cut. Idempotent.
 */
export function printable(text: string): string {
  return text.replace(unprintable, escapeOf);
}

/**
 * Characters of one column each, as nearly all text is: Latin, Greek and Cyrillic letters without combining
 * marks, punctuation, lines and blocks.
 */
const narrow =
  /^[\x20-\x7e\xa0-\xac\xae-\u02ff\u0370-\u0482\u048a-\u052f\u2010-\u2027\u2030-\u2038\u2190-\u2193\u2500-\u259f]*$/;

let measure: typeof import('string-width').default | undefined;

/** How many columns printable text takes on a terminal. */
export function widthOf(text: string): number {
  if (narrow.test(text)) return text.length;
  // It takes 30 ms to load, and few commands ever need it.
  measure ??= (createRequire(import.meta.url)('string-width') as typeof import('string-width')).default;
  return measure(text);
}

let graphemes: Intl.Segmenter | undefined;

/**
 * Cuts printable text so that it is at most `columns` wide on a terminal. `…` replaces the part that was cut.
 */
export function shorten(text: string, columns: number): string {
  // A character may have any number of combining marks, which have no width. This limits them.
  const most = columns * 16;
  if (text.length <= most && widthOf(text) <= columns) return text;
  graphemes ??= new Intl.Segmenter();
  let [kept, width] = ['', 0];
  for (const { segment } of graphemes.segment(text)) {
    width += widthOf(segment);
    if (width > columns - 1 || kept.length + segment.length > most) break;
    kept += segment;
  }
  return columns < 1 ? '' : `${kept}…`;
}
