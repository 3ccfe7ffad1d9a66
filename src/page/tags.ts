// Finds the tags that say where an HTML page leads, with their attributes, in one pass and without a tree.
// By hand, because half of the work on a page was this: htmlparser2's tokenizer takes three times as long, its parser eight
// times, and more on hostile pages. Tests hold it to what htmlparser2 finds, and to browsers where the two differ.
import { decodeAttribute } from './entities.ts';
import { ForeignContent } from './foreign-content.ts';
import { behind, declarationEnd, isSpace, nameEnd, rawTextEnd, rawTextNames } from './markup.ts';

/** A start tag. Only valid during the call that hands it over. */
export interface Tag {
  readonly name: string;
  /** Within SVG or MathML. */
  readonly isForeign: boolean;
  /** The attribute's value with character references decoded; undefined if there is none. Of two, the first counts. */
  get(attribute: string): string | undefined;
}

export interface TagTaker {
  /** Answers whether to go on. */
  take(tag: Tag): boolean;
  /** What stands in the first title; references not decoded. */
  takeTitle(text: string): void;
}

/**
 * Hands the tags `a area base frame iframe link meta svg math` of `html` to `taker` in document order, less those that
 * are no part of the document: in comments, scripts, style sheets, templates. Takes linear time.
 * `xhtml`: as in application/xhtml+xml, a tag that closes itself is closed, and CDATA is text.
 */
export function scanTags(html: string, taker: TagTaker, xhtml: boolean): void {
  new TagScanner(html, taker, xhtml).scan();
}

const readTags = new Set('a area base frame iframe link meta svg math template title'.split(' '));
const readAttributes = new Set(
  'href src rel hreflang content name http-equiv shadowrootmode xlink:href'.split(' '),
);

/** For each first letter, a bit for each length of a name that matters: most tags are passed over by these alone. */
const lengthsByLetter = new Uint16Array(128);
for (const name of [...readTags, ...rawTextNames]) {
  const letter = name.charCodeAt(0);
  lengthsByLetter[letter] = (lengthsByLetter[letter] ?? 0) | (1 << name.length);
}

class TagScanner implements Tag {
  name = '';
  isForeign = false;
  readonly #values = new Map<string, string>();
  #closesItself = false;
  /** False if the text ended within the tag, which then is none. */
  #isWhole = true;

  readonly #html: string;
  readonly #taker: TagTaker;
  readonly #xhtml: boolean;
  readonly #foreign = new ForeignContent();
  /** Open templates whose content is no part of the document. */
  #inertTemplates = 0;
  #hasTitle = false;
  #stopped = false;

  constructor(html: string, taker: TagTaker, xhtml: boolean) {
    this.#html = html;
    this.#taker = taker;
    this.#xhtml = xhtml;
  }

  get(attribute: string): string | undefined {
    const value = this.#values.get(attribute);
    return value === undefined ? undefined : decodeAttribute(value);
  }

  scan(): void {
    const html = this.#html;
    let at = html.indexOf('<');
    while (at >= 0 && !this.#stopped) {
      at = html.indexOf('<', this.#markup(at + 1));
    }
  }

  /** Reads what begins with the `<` before `at`, and answers where it ends. */
  #markup(at: number): number {
    const html = this.#html;
    const code = html.charCodeAt(at);
    if (isLetter(code)) return this.#startTag(at);
    if (code === 0x2f)
      return isLetter(html.charCodeAt(at + 1)) ? this.#endTag(at + 1) : behind(html, '>', at + 1); // slash
    if (code === 0x21) return declarationEnd(html, at + 1, this.#xhtml || this.#foreign.current); // exclamation mark
    return code === 0x3f ? behind(html, '>', at) : at; // question mark
  }

  #startTag(start: number): number {
    const html = this.#html;
    const end = nameEnd(html, start);
    const mayMatter = ((lengthsByLetter[html.charCodeAt(start) | 0x20] ?? 0) >> (end - start)) & 1;
    if (!mayMatter && !this.#foreign.entered) return this.#attributes(end, false);
    const name = html.slice(start, end).toLowerCase();
    const tagEnd = this.#attributes(end, readTags.has(name));
    return this.#isWhole ? this.#element(name, tagEnd) : tagEnd;
  }

  /** The element whose start tag ends at `tagEnd`; answers where to go on: behind its text, if it holds only text. */
  #element(name: string, tagEnd: number): number {
    this.name = name;
    this.isForeign =
      (name === 'svg' || name === 'math' || this.#foreign.entered) && this.#foreign.start(name);
    const isClosed = this.#closesItself && (this.#xhtml || this.isForeign);
    if (this.isForeign && isClosed) this.#foreign.end(name);
    const textEnd = this.isForeign || isClosed ? tagEnd : rawTextEnd(this.#html, name, tagEnd);
    if (name === 'template' && !this.isForeign) {
      if (!isClosed && !this.#isShown()) this.#inertTemplates += 1;
    } else if (this.#inertTemplates === 0) {
      if (name === 'title' && !this.isForeign) this.#title(tagEnd, textEnd);
      else if (readTags.has(name)) this.#stopped = !this.#taker.take(this);
    }
    return textEnd;
  }

  /** The content of a template becomes a part of the document as a shadow root only. */
  #isShown(): boolean {
    return this.#inertTemplates === 0 && /^(open|closed)$/i.test(this.#values.get('shadowrootmode') ?? '');
  }

  #title(start: number, end: number): void {
    if (!this.#hasTitle) this.#taker.takeTitle(this.#html.slice(start, end));
    this.#hasTitle = true;
  }

  #endTag(start: number): number {
    const html = this.#html;
    const end = nameEnd(html, start);
    if (this.#foreign.entered || this.#inertTemplates > 0) {
      const name = html.slice(start, end).toLowerCase();
      if (this.#foreign.entered) this.#foreign.end(name);
      if (name === 'template' && this.#inertTemplates > 0) this.#inertTemplates -= 1;
    }
    return this.#attributes(end, false);
  }

  /** Reads up to the end of the tag, and keeps the attributes that matter if they are `wanted`. */
  #attributes(start: number, wanted: boolean): number {
    const html = this.#html;
    if (wanted) this.#values.clear();
    this.#closesItself = false;
    this.#isWhole = true;
    for (let at = start; at < html.length; ) {
      const code = html.charCodeAt(at);
      if (code === GREATER) return at + 1;
      if (code === SLASH) this.#closesItself = html.charCodeAt(at + 1) === GREATER;
      at = code === SLASH || isSpace(code) ? at + 1 : this.#attribute(at, wanted);
    }
    this.#isWhole = false;
    return html.length;
  }

  #attribute(start: number, wanted: boolean): number {
    const html = this.#html;
    let at = start + 1; // even "=" may begin a name
    while (at < html.length && !endsAttributeName(html.charCodeAt(at))) at += 1;
    const nameStop = at;
    while (isSpace(html.charCodeAt(at))) at += 1;
    if (html.charCodeAt(at) !== EQUALS) {
      if (wanted) this.#keep(start, nameStop, at, at);
      return at;
    }
    at += 1;
    while (isSpace(html.charCodeAt(at))) at += 1;
    const quote = html.charCodeAt(at);
    const isQuoted = quote === 0x22 || quote === 0x27;
    const valueStart = isQuoted ? at + 1 : at;
    const valueEnd = isQuoted ? quoteEnd(html, quote, valueStart) : unquotedEnd(html, valueStart);
    if (wanted) this.#keep(start, nameStop, valueStart, valueEnd);
    return isQuoted ? valueEnd + 1 : valueEnd;
  }

  #keep(nameStart: number, nameStop: number, valueStart: number, valueEnd: number): void {
    const name = this.#html.slice(nameStart, nameStop).toLowerCase();
    if (!readAttributes.has(name) || this.#values.has(name)) return; // of two, the first counts
    this.#values.set(name, this.#html.slice(valueStart, valueEnd));
  }
}

const EQUALS = 0x3d;
const GREATER = 0x3e;
const SLASH = 0x2f;

function isLetter(code: number): boolean {
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x7a;
}

function endsAttributeName(code: number): boolean {
  return code <= GREATER && (code === GREATER || code === EQUALS || code === SLASH || isSpace(code));
}

function quoteEnd(html: string, quote: number, at: number): number {
  const end = html.indexOf(quote === 0x22 ? '"' : "'", at);
  return end < 0 ? html.length : end;
}

function unquotedEnd(html: string, at: number): number {
  let end = at;
  for (; end < html.length; end++) {
    const code = html.charCodeAt(end);
    if (code === GREATER || isSpace(code)) break;
  }
  return end;
}
