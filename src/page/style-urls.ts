// The URLs that a style sheet names: url(…), @import and image-set. One pass over the text by the rules for
// tokens of CSS Syntax Level 3, without a tree.

/** How many URLs of one sheet are read. */
const MOST_URLS = 10_000;

/** Where something begins that matters here. Other text is passed over. */
const beginning = /\/\*|["';{}]|url\(|@(?:import|namespace|charset)(?![\w-])|image-set\(/gi;

/**
 * In their order, as they stand there, escapes undone; `data:` and the like are among them. Takes linear
 * time.
 */
export function urlsOfStyle(css: string): string[] {
  const urls: string[] = [];
  /** What the next string or url( is of. */
  let within: 'import' | 'set' | 'other' | null = null;
  beginning.lastIndex = 0;
  for (let found = beginning.exec(css); found && urls.length < MOST_URLS; found = beginning.exec(css)) {
    const text = found[0].toLowerCase();
    if (text === '/*') beginning.lastIndex = endOfComment(css, beginning.lastIndex);
    else if (text === '@import') within = 'import';
    else if (text === 'image-set(') within = 'set';
    else if (text.startsWith('@')) within = 'other';
    else if (/[;{}]/.test(text)) within = null;
    else {
      const isString = text !== 'url(';
      const value = isString ? readString(css, found.index) : readUrl(css, beginning.lastIndex);
      beginning.lastIndex = value.end;
      const counts = isString ? within === 'import' || within === 'set' : within !== 'other';
      if (counts) urls.push(unescaped(css.slice(value.from, value.to)));
      if (within === 'import') within = 'other'; // the strings behind it are of supports() and layers
    }
  }
  return urls.filter((url) => url !== '' && !url.startsWith('#'));
}

function endOfComment(css: string, at: number): number {
  const end = css.indexOf('*/', at);
  return end < 0 ? css.length : end + 2;
}

/** Where a value stands, and where what follows it does. */
interface Span {
  from: number;
  to: number;
  end: number;
}

/** §4.3.5: up to the quote, or to the end of the line. */
function readString(css: string, start: number): Span {
  const quote = css.charCodeAt(start);
  let at = start + 1;
  for (; at < css.length; at++) {
    const code = css.charCodeAt(at);
    if (code === quote || code === NEW_LINE) break;
    if (code === BACKSLASH) at++;
  }
  return { from: start + 1, to: Math.min(at, css.length), end: at + 1 };
}

/** §4.3.6: a string, or what stands there up to a space or the bracket. */
function readUrl(css: string, start: number): Span {
  let from = start;
  while (isSpace(css.charCodeAt(from))) from++;
  const first = css.charCodeAt(from);
  if (first === 0x22 || first === 0x27) return readString(css, from);
  let to = from;
  for (; to < css.length; to++) {
    const code = css.charCodeAt(to);
    if (code === 0x29 || code === 0x22 || code === 0x27 || code === 0x28 || isSpace(code)) break;
    if (code === BACKSLASH) to = lastOfEscape(css, to);
  }
  return { from, to: Math.min(to, css.length), end: to };
}

/** §4.3.7: the space behind hex digits belongs to them. */
function lastOfEscape(css: string, backslash: number): number {
  let at = backslash + 1;
  while (at <= backslash + 6 && /[0-9a-f]/i.test(css[at] ?? '')) at++;
  return at === backslash + 1 || isSpace(css.charCodeAt(at)) ? at : at - 1;
}

const NEW_LINE = 0x0a;
const BACKSLASH = 0x5c;

function isSpace(code: number): boolean {
  return code === 0x20 || (code >= 0x09 && code <= 0x0d);
}

const escaped = /\\(?:([0-9a-f]{1,6})(?:\r\n|[ \t\n\f\r])?|(\r\n|[\n\f\r])|([\s\S]))/gi;

/** §4.3.7: hex digits and one white space, a line end, or the character itself. */
function unescaped(text: string): string {
  if (!text.includes('\\')) return text;
  return text.replace(escaped, (_, hex?: string, lineEnd?: string, own?: string) => {
    if (hex === undefined) return lineEnd === undefined ? (own ?? '') : '';
    const code = Number.parseInt(hex, 16);
    const isCharacter = code > 0 && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
    return isCharacter ? String.fromCodePoint(code) : '\ufffd';
  });
}
