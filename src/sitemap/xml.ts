// Reads XML as it comes, piece by piece: start tags, end tags and text, however broken, in linear time and bounded memory.
// With htmlparser2's tokenizer: its parser takes quadratic time for deep nesting and for end tags that have no start tag.
import { Tokenizer, type TokenizerCallbacks } from 'htmlparser2';

/** In characters. sitemaps.org allows a URL 2,048; what is longer than this is none. */
export const longestUrl = 8192;
/** With the white space behind it. */
const longestText = 2 * longestUrl;
const longestName = 256;
/** Of what has been read before: the tokenizer tells positions, and a name or a CDATA section may have begun there. */
const keptCharacters = longestText + longestName;
const mostAttributes = 32;

/** Names are in lower case, with their prefix; '' for one that is too long. Positions are in characters of the text. */
export interface XmlTaker {
  /** Of the attributes, those named href, rel or xmlns:prefix, each its first value; null if it is too long. */
  startElement(name: string, attributes: ReadonlyMap<string, string | null>, at: number): void;
  /** Also for an element that closes itself. */
  endElement(name: string, at: number): void;
  /** Whether the text of the element at hand is wanted. */
  readonly wantsText: boolean;
  /** References decoded; null for what is too long. `isStray`: it holds an & that begins no reference known to XML. */
  text(piece: string | null, at: number, isStray: boolean): void;
}

/** A text that comes in pieces, without the white space around it. */
export class BoundedText {
  #text: string | null = '';

  add(piece: string | null): void {
    if (this.#text === null) return;
    this.#text = piece === null ? null : this.#text + (this.#text === '' ? piece.trimStart() : piece);
    if (this.#text !== null && this.#text.length > longestText) this.#text = null;
  }

  /** Null if it is too long. */
  get value(): string | null {
    const text = this.#text?.trimEnd() ?? null;
    return text === null || text.length > longestUrl ? null : text;
  }
}

export class XmlReader implements TokenizerCallbacks {
  readonly #taker: XmlTaker;
  readonly #tokenizer = new Tokenizer({ xmlMode: true, decodeEntities: true }, this);
  /** What was read last, and where it begins. */
  #window = '';
  #windowStart = 0;

  #name = '';
  readonly #attributes = new Map<string, string | null>();
  #attribute = '';
  #value: BoundedText | null = null;
  /** Within the square brackets of a DOCTYPE; there are no elements, whatever the values of its entities look like. */
  #isInSubset = false;

  constructor(taker: XmlTaker) {
    this.#taker = taker;
  }

  write(text: string): void {
    const kept = this.#window.slice(-keptCharacters);
    this.#windowStart += this.#window.length - kept.length;
    this.#window = kept + text;
    this.#tokenizer.write(text);
  }

  end(): void {
    this.#tokenizer.end();
  }

  /** Nothing more is wanted, not even of the piece at hand. */
  stop(): void {
    this.#tokenizer.pause();
  }

  onopentagname(start: number, end: number): void {
    this.#name = this.#nameAt(start, end);
    this.#attributes.clear();
  }

  onattribname(start: number, end: number): void {
    const name = this.#nameAt(start, end);
    const isWanted = name === 'href' || name === 'rel' || name.startsWith('xmlns:');
    this.#attribute = name;
    this.#value = isWanted && this.#attributes.size < mostAttributes ? new BoundedText() : null;
  }

  onattribdata(start: number, end: number): void {
    this.#value?.add(this.#slice(start, end));
  }

  onattribentity(codePoint: number): void {
    this.#value?.add(String.fromCodePoint(codePoint));
  }

  onattribend(): void {
    if (this.#value && !this.#attributes.has(this.#attribute)) {
      this.#attributes.set(this.#attribute, this.#value.value);
    }
    this.#value = null;
  }

  onopentagend(end: number): void {
    if (!this.#isInSubset) this.#taker.startElement(this.#name, this.#attributes, end);
  }

  onselfclosingtag(end: number): void {
    this.onopentagend(end);
    if (!this.#isInSubset) this.#taker.endElement(this.#name, end);
  }

  onclosetag(start: number, end: number): void {
    if (!this.#isInSubset) this.#taker.endElement(this.#nameAt(start, end), start);
  }

  ontext(start: number, end: number): void {
    if (!this.#taker.wantsText && !this.#isInSubset) return;
    const text = this.#slice(start, end);
    if (this.#isInSubset) this.#isInSubset = !text?.includes(']');
    else this.#taker.text(text, start, text?.includes('&') === true);
  }

  ontextentity(codePoint: number, end: number): void {
    if (this.#taker.wantsText) this.#taker.text(String.fromCodePoint(codePoint), end, false);
  }

  oncdata(start: number, end: number, endLength: number): void {
    if (!this.#taker.wantsText) return;
    const isTooLong = end - start > longestText;
    this.#taker.text(isTooLong ? null : this.#slice(start, end - endLength), start, false);
  }

  /** The tokenizer knows no internal subset: for it, the DOCTYPE ends with the first > of its first declaration. */
  ondeclaration(start: number, end: number): void {
    if (this.#name !== '') return; // a DOCTYPE stands before the first element
    const text = this.#slice(start, end) ?? 'DOCTYPE [';
    this.#isInSubset ||= /^doctype\s[^\]]*\[[^\]]*$/i.test(text);
  }

  oncomment(): void {}
  onprocessinginstruction(): void {}
  onend(): void {}

  /** For the tokenizer, a < that begins nothing is the start of the name that follows: `<<loc`. */
  #nameAt(start: number, end: number): string {
    const name = this.#slice(Math.max(start, end - longestName), end)?.toLowerCase() ?? '';
    const stray = name.lastIndexOf('<');
    return stray < 0 && end - start > longestName ? '' : name.slice(stray + 1);
  }

  /** Null if it begins before what is still known. */
  #slice(start: number, end: number): string | null {
    const from = start - this.#windowStart;
    return from < 0 ? null : this.#window.slice(from, end - this.#windowStart);
  }
}
