// Where pieces of HTML text end, by the tokenization rules of the HTML standard (§13.2.5). All positions are indexes into
// the text; what never ends, ends with the text. All take linear time.

/** Tab, line feed, form feed, carriage return or space. */
export function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x09 || code === 0x0d || code === 0x0c;
}

/** The end of the tag name that begins at `at`. */
export function nameEnd(html: string, at: number): number {
  let end = at + 1;
  for (; end < html.length; end++) {
    const code = html.charCodeAt(end);
    if (code === 0x3e || code === 0x2f || isSpace(code)) break; // > /
  }
  return end;
}

/** Behind `text`, searched from `at`. */
export function behind(html: string, text: string, at: number): number {
  const found = html.indexOf(text, at);
  return found < 0 ? html.length : found + text.length;
}

const commentEnd = /--!?>/g;

/** Behind the comment, doctype or CDATA section whose `<!` is before `at`. `withCdata`: CDATA is none in HTML. */
export function declarationEnd(html: string, at: number, withCdata: boolean): number {
  if (withCdata && html.startsWith('[CDATA[', at)) return behind(html, ']]>', at);
  if (!html.startsWith('--', at)) return behind(html, '>', at);
  if (html.startsWith('>', at + 2)) return at + 3; // <!-->
  if (html.startsWith('->', at + 2)) return at + 4; // <!--->
  commentEnd.lastIndex = at + 2;
  return commentEnd.test(html) ? commentEnd.lastIndex : html.length;
}

/** Elements that hold only text, up to their own end tag. */
const rawTextEnds = new Map(
  'script style title textarea xmp iframe noembed noframes'
    .split(' ')
    .map((name) => [name, new RegExp(`</${name}(?=[\\t\\n\\f\\r />])`, 'gi')]),
);

export const rawTextNames: readonly string[] = [...rawTextEnds.keys(), 'plaintext'];

/** The `<` of the end tag of an element that holds only text, which begins at `at`; `at` itself for other elements. */
export function rawTextEnd(html: string, name: string, at: number): number {
  if (name === 'plaintext') return html.length;
  const endTag = rawTextEnds.get(name);
  if (!endTag) return at;
  endTag.lastIndex = at;
  const end = endTag.test(html) ? endTag.lastIndex - name.length - 2 : html.length;
  return name === 'script' && html.slice(at, end).includes('<!--') ? escapedScriptEnd(html, at) : end;
}

const scriptMark = /<!--|-->|<(\/?)script(?=[\t\n\f\r />])/gi;

/** Within `<!--` in a script, a further `<script>` takes the next `</script>` with it ("script data double escaped"). */
function escapedScriptEnd(html: string, at: number): number {
  let depth = 0; // 0 script, 1 escaped, 2 double escaped
  scriptMark.lastIndex = at;
  for (let mark = scriptMark.exec(html); mark; mark = scriptMark.exec(html)) {
    const [text, slash] = mark;
    if (text === '-->') depth = 0;
    else if (text === '<!--') {
      depth ||= 1;
      scriptMark.lastIndex -= 2; // <!--> is both
    } else if (slash === '') depth &&= 2;
    else if (depth < 2) return mark.index;
    else depth = 1;
  }
  return html.length;
}
