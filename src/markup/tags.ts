// Finds the tags of an HTML page that may contain links, with their attributes, in one pass and without a
// tree. This is not done by a library because it was half of the work on a page: htmlparser2's tokenizer
// takes three times as long and its parser eight times. Tests compare the results with htmlparser2, and with
// browsers where those two differ.
import { AttributeReader, type AttributeTaker } from './attributes.ts';
import { decodeAttribute } from './entities.ts';
import { ForeignContent } from './foreign-content.ts';
import { declarationEnd, indexAfter, nameEnd, rawTextEnd, rawTextNames } from './part-ends.ts';

/** A start tag. The object is reused: it is valid only during the call of `take`. */
export interface Tag {
  readonly name: string;
  /** Whether the tag is within SVG or MathML. */
  readonly isForeign: boolean;
  /**
   * The value of an attribute, with character references decoded. Undefined if the tag does not have it. If
   * the tag has it twice, the first value counts.
   */
  get(attribute: string): string | undefined;
}

export interface TagTaker {
  /** Called for each tag. Returns false to end the scan. */
  take(tag: Tag): boolean;
  /** Called with the text of the first title, in which character references are not decoded. */
  takeTitle(text: string): void;
  /** Called with the text of each style element that is reported. */
  takeStyle?(text: string): void;
}

/**
 * Calls `taker` for the tags `a area base frame iframe link meta svg math` of `html`, in document order. Tags
 * in comments, scripts, style sheets and templates are left out: they are not part of the document. Takes
 * linear time. With `attributes`, all tags are reported, with these of their attributes.
 */
export function scanTags(html: string, taker: TagTaker, attributes: ReadonlySet<string> | null = null): void {
  new TagScanner(html, taker, attributes).scan();
}

/** The tags that are reported, and those that say what is. */
export const readTags = new Set('a area base frame iframe link meta svg math template title'.split(' '));
export const readAttributes = new Set(
  'href src rel type hreflang content name http-equiv charset shadowrootmode xlink:href'.split(' '),
);

/**
 * For each first letter, one bit for each length of the names that matter. Most other tags can be skipped by
 * their first letter and length alone.
 */
const lengthsByLetter = new Uint16Array(128);
for (const name of [...readTags, ...rawTextNames]) {
  const letter = name.charCodeAt(0);
  lengthsByLetter[letter] = (lengthsByLetter[letter] ?? 0) | (1 << name.length);
}

class TagScanner implements Tag {
  name = '';
  isForeign = false;
  readonly #values = new Map<string, string>();
  readonly #reader: AttributeReader;
  readonly #html: string;
  readonly #taker: TagTaker;
  readonly #foreign = new ForeignContent();
  /** The number of open templates whose content is not part of the document. */
  #inertTemplates = 0;
  #hasTitle = false;
  #stopped = false;
  readonly #isOfAll: boolean;
  readonly #wanted: ReadonlySet<string>;

  /** `attributes`: of all tags; null for those of the tags that may contain links. */
  constructor(html: string, taker: TagTaker, attributes: ReadonlySet<string> | null) {
    this.#html = html;
    this.#isOfAll = attributes !== null;
    this.#wanted = attributes ?? readAttributes;
    this.#reader = new AttributeReader(html);
    this.#taker = taker;
  }

  get(attribute: string): string | undefined {
    const value = this.#values.get(attribute);
    return value === undefined
      ? undefined
      : decodeAttribute(value.includes('\0') ? withoutNul(value) : value);
  }

  scan(): void {
    const html = this.#html;
    let at = html.indexOf('<');
    while (at >= 0 && !this.#stopped) {
      at = html.indexOf('<', this.#markup(at + 1));
    }
  }

  /** Reads the tag, comment or declaration whose `<` is before `at`. Returns the index after it. */
  #markup(at: number): number {
    const html = this.#html;
    const code = html.charCodeAt(at);
    if (isLetter(code)) return this.#startTag(at);
    if (code === 0x2f)
      return isLetter(html.charCodeAt(at + 1)) ? this.#endTag(at + 1) : indexAfter(html, '>', at + 1); // "/"
    if (code === 0x21) return declarationEnd(html, at + 1, this.#foreign.current); // "!"
    return code === 0x3f ? indexAfter(html, '>', at) : at; // "?"
  }

  #startTag(start: number): number {
    const html = this.#html;
    const end = nameEnd(html, start);
    const mayMatter = ((lengthsByLetter[html.charCodeAt(start) | 0x20] ?? 0) >> (end - start)) & 1;
    if (!mayMatter && !this.#foreign.entered && !this.#isOfAll) return this.#attributes(end, false);
    const name = html.slice(start, end).toLowerCase();
    const tagEnd = this.#attributes(end, this.#isOfAll || readTags.has(name));
    return this.#reader.isWhole ? this.#element(name, tagEnd) : tagEnd;
  }

  /**
   * Handles the element whose start tag ends at `tagEnd`. Returns where to go on: after the text of an
   * element that contains only text, otherwise at `tagEnd`.
   */
  #element(name: string, tagEnd: number): number {
    this.name = name;
    this.isForeign =
      (name === 'svg' || name === 'math' || this.#foreign.entered) && this.#foreign.start(name);
    const isClosed = this.#reader.closesItself && this.isForeign;
    if (this.isForeign && isClosed) this.#foreign.end(name);
    const textEnd = this.isForeign || isClosed ? tagEnd : rawTextEnd(this.#html, name, tagEnd);
    if (name === 'template' && !this.isForeign) {
      if (!isClosed && !this.#isShown()) this.#inertTemplates += 1;
    } else if (this.#inertTemplates === 0) {
      if (name === 'title' && !this.isForeign) this.#title(tagEnd, textEnd);
      else if (this.#isOfAll || readTags.has(name)) this.#stopped = !this.#taker.take(this);
      if (name === 'style') this.#taker.takeStyle?.(this.#html.slice(tagEnd, textEnd));
    }
    return textEnd;
  }

  /** Whether the template is a shadow root: only then is its content part of the document. */
  #isShown(): boolean {
    return this.#inertTemplates === 0 && /^(open|closed)$/i.test(this.#values.get('shadowrootmode') ?? '');
  }

  #title(start: number, end: number): void {
    if (!this.#hasTitle) this.#taker.takeTitle(withoutNul(this.#html.slice(start, end)));
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

  /**
   * Reads up to the end of the tag and returns the index after it. If `wanted`, keeps the attributes that
   * matter.
   */
  #attributes(start: number, wanted: boolean): number {
    if (!wanted) return this.#reader.read(start, null);
    this.#values.clear();
    return this.#reader.read(start, this.#keep);
  }

  readonly #keep: AttributeTaker = (nameStart, nameStop, valueStart, valueEnd) => {
    const name = this.#html.slice(nameStart, nameStop).toLowerCase();
    if (!this.#wanted.has(name) || this.#values.has(name)) return; // the first value counts
    this.#values.set(name, this.#html.slice(valueStart, valueEnd));
  };
}

/** A NUL stands for U+FFFD in values, and in the text of a title (HTML standard §13.2.5.36 and §13.2.5.2). */
export function withoutNul(text: string): string {
  return text.replaceAll('\0', '\ufffd');
}

function isLetter(code: number): boolean {
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x7a;
}
