// Finds where parts of an HTML text end, by the tokenization rules of the HTML standard (§13.2.5). All
// positions are indexes into the text. A part without an end extends to the end of the text. All functions
// take linear time.

/** Tab, line feed, form feed, carriage return or space. */
export function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x09 || code === 0x0d || code === 0x0c;
}

/** The index after the tag name that begins at `at`. */
export function nameEnd(html: string, at: number): number {
  let end = at + 1;
  for (; end < html.length; end++) {
    const code = html.charCodeAt(end);
    if (code === 0x3e || code === 0x2f || isSpace(code)) break; // > /
  }
  return end;
}

/** The index after the first `text` at or after `at`. */
export function indexAfter(html: string, text: string, at: number): number {
  const found = html.indexOf(text, at);
  return found < 0 ? html.length : found + text.length;
}

const commentEnd = /--!?>/g;

/**
 * The index after the comment, doctype or CDATA section whose `<!` ends at `at`. `withCdata` is true in XHTML
 * and in foreign content: HTML has no CDATA sections.
 */
export function declarationEnd(html: string, at: number, withCdata: boolean): number {
  if (withCdata && html.startsWith('[CDATA[', at)) return indexAfter(html, ']]>', at);
  if (!html.startsWith('--', at)) return indexAfter(html, '>', at);
  if (html.startsWith('>', at + 2)) return at + 3; // <!-->
  if (html.startsWith('->', at + 2)) return at + 4; // <!--->
  commentEnd.lastIndex = at + 2;
  return commentEnd.test(html) ? commentEnd.lastIndex : html.length;
}

/** The elements that contain only text. Each extends to the next end tag of its own name. */
const rawTextEnds = new Map(
  'script style title textarea xmp iframe noembed noframes'
    .split(' ')
    .map((name) => [name, new RegExp(`</${name}(?=[\\t\\n\\f\\r />])`, 'gi')]),
);

export const rawTextNames: readonly string[] = [...rawTextEnds.keys(), 'plaintext'];

/**
 * The index of the end tag of an element that contains only text, whose text begins at `at`. Other elements:
 * `at`.
 */
export function rawTextEnd(html: string, name: string, at: number): number {
  if (name === 'plaintext') return html.length;
  const endTag = rawTextEnds.get(name);
  if (!endTag) return at;
  endTag.lastIndex = at;
  const end = endTag.test(html) ? endTag.lastIndex - name.length - 2 : html.length;
  return name === 'script' && html.slice(at, end).includes('<!--') ? escapedScriptEnd(html, at) : end;
}

const scriptMark = /<!--|-->|<(\/?)script(?=[\t\n\f\r />])/gi;

/**
 * The index of the end tag of a script that contains `<!--`. After `<!--`, a nested `<script>` needs an end
 * tag of its own (the "script data double escaped" state of the HTML standard).
 */
function escapedScriptEnd(html: string, at: number): number {
  let depth = 0; // 0 script, 1 escaped, 2 double escaped
  scriptMark.lastIndex = at;
  for (let mark = scriptMark.exec(html); mark; mark = scriptMark.exec(html)) {
    const [text, slash] = mark;
    if (text === '-->') depth = 0;
    else if (text === '<!--') {
      depth ||= 1;
      scriptMark.lastIndex -= 2; // <!--> is a start and an end
    } else if (slash === '') depth &&= 2;
    else if (depth < 2) return mark.index;
    else depth = 1;
  }
  return html.length;
}
