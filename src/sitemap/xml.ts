// Reads XML piece by piece: start tags, end tags and text. It accepts broken XML and needs linear time and
// bounded memory. It uses only the tokenizer of htmlparser2, whose parser takes quadratic time for deep
// nesting and for stray end tags.
import { Tokenizer, type TokenizerCallbacks } from 'htmlparser2';

/** The longest URL that is accepted, in characters. sitemaps.org allows 2,048. */
export const longestUrl = 8192;
/** The longest text of an element, including white space after the URL, in characters. */
const longestText = 2 * longestUrl;
const longestName = 256;
/**
 * The number of characters kept of the text that has been read. The tokenizer gives positions only, and a
 * name or a CDATA section may begin in an earlier piece.
 */
const keptCharacters = longestText + longestName;
const mostAttributes = 32;
const wantedAttributes = new Set(['href', 'rel', 'src', 'ispermalink', 'rdf:about', 'xml:base']);
/** A reference to an entity. The tokenizer leaves those in the text that XML does not know. */
export const unknownEntity = /&[A-Za-z_:][\w:.-]*;/;

/**
 * Receives the parts of an XML text. Names are in lower case, with their prefix; a name that is too long is
 * ''. Positions are in characters of the text.
 */
export interface XmlTaker {
  /**
   * Called for a start tag. `attributes` has only those that matter and xmlns:prefix, each with its first
   * value. That is null if it is too long, and '' if it has an entity that XML does not know; but an xml:base
   * with one is null, because an empty one says nothing.
   */
  startElement(name: string, attributes: ReadonlyMap<string, string | null>, at: number): void;
  /** Called for an end tag, and for an element that closes itself. */
  endElement(name: string, at: number): void;
  /** Whether `text` should be called for the current element. */
  readonly wantsText: boolean;
  /**
   * Called for a piece of text, with references decoded; null if it is too long. `isStray`: it contains an &
   * that begins no reference of XML.
   */
  text(piece: string | null, at: number, isStray: boolean): void;
}

/** Collects a text from its pieces. White space around the whole text is removed. */
export class BoundedText {
  #text: string | null = '';

  add(piece: string | null): void {
    if (this.#text === null) return;
    this.#text = piece === null ? null : this.#text + (this.#text === '' ? piece.trimStart() : piece);
    if (this.#text !== null && this.#text.length > longestText) this.#text = null;
  }

  /** The text so far, or null if it is too long. */
  get value(): string | null {
    const text = this.#text?.trimEnd() ?? null;
    return text === null || text.length > longestUrl ? null : text;
  }
}

/** Reads one XML text and calls `taker` for its parts. */
export class XmlReader implements TokenizerCallbacks {
  readonly #taker: XmlTaker;
  readonly #tokenizer = new Tokenizer({ xmlMode: true, decodeEntities: true }, this);
  /** The end of the text that has been read, and its position in the text. */
  #window = '';
  #windowStart = 0;

  #name = '';
  readonly #attributes = new Map<string, string | null>();
  #attribute = '';
  #value: BoundedText | null = null;
  #hasUnknown = false;
  /**
   * Whether the reader is within the square brackets of a DOCTYPE. Tags in there are parts of entities, not
   * elements.
   */
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

  /** Ends the reading at once, also of the piece that is being read. */
  stop(): void {
    this.#tokenizer.pause();
  }

  onopentagname(start: number, end: number): void {
    this.#name = this.#nameAt(start, end);
    this.#attributes.clear();
  }

  onattribname(start: number, end: number): void {
    const name = this.#nameAt(start, end);
    const isWanted = wantedAttributes.has(name) || name.startsWith('xmlns:');
    this.#attribute = name;
    this.#value = isWanted && this.#attributes.size < mostAttributes ? new BoundedText() : null;
  }

  onattribdata(start: number, end: number): void {
    const piece = this.#slice(start, end);
    this.#value?.add(piece);
    if (piece !== null && unknownEntity.test(piece)) this.#hasUnknown = true;
  }

  onattribentity(codePoint: number): void {
    this.#value?.add(String.fromCodePoint(codePoint));
  }

  onattribend(): void {
    if (this.#value && !this.#attributes.has(this.#attribute)) {
      const unknown = this.#attribute === 'xml:base' ? null : '';
      this.#attributes.set(this.#attribute, this.#hasUnknown ? unknown : this.#value.value);
    }
    this.#value = null;
    this.#hasUnknown = false;
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

  /**
   * Recognises the internal subset of a DOCTYPE, which the tokenizer does not know: it ends the DOCTYPE at
   * the first > of the first declaration in it.
   */
  ondeclaration(start: number, end: number): void {
    if (this.#name !== '') return; // a DOCTYPE comes before the first element
    const text = this.#slice(start, end) ?? 'DOCTYPE [';
    this.#isInSubset ||= /^doctype\s[^\]]*\[[^\]]*$/i.test(text);
  }

  oncomment(): void {}
  onprocessinginstruction(): void {}
  onend(): void {}

  /** The name at a position. The tokenizer takes a stray < for the beginning of the name, as in `<<loc`. */
  #nameAt(start: number, end: number): string {
    const name = this.#slice(Math.max(start, end - longestName), end)?.toLowerCase() ?? '';
    const stray = name.lastIndexOf('<');
    return stray < 0 && end - start > longestName ? '' : name.slice(stray + 1);
  }

  /** The text at a position, or null if it begins before the text that is kept. */
  #slice(start: number, end: number): string | null {
    const from = start - this.#windowStart;
    return from < 0 ? null : this.#window.slice(from, end - this.#windowStart);
  }
}
