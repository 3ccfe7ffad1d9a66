// Reads the attributes of one tag, in HTML and in XML, by the tokenization rules of the HTML standard
// (§13.2.5). Takes linear time.
import { isSpace } from './part-ends.ts';

/** Called with the positions of an attribute: its name, and its value without quotes. */
export type AttributeTaker = (
  nameStart: number,
  nameStop: number,
  valueStart: number,
  valueEnd: number,
) => void;

export class AttributeReader {
  /** Of the tag that was read last: whether it ends in "/>". */
  closesItself = false;
  /** False if the text ended within that tag. Such a tag does not count. */
  isWhole = true;
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** Reads from the end of the tag's name to the end of the tag. Returns the index after it. */
  read(start: number, take: AttributeTaker | null): number {
    const text = this.#text;
    this.closesItself = false;
    this.isWhole = true;
    for (let at = start; at < text.length; ) {
      const code = text.charCodeAt(at);
      if (code === GREATER) return at + 1;
      if (code === SLASH) this.closesItself = text.charCodeAt(at + 1) === GREATER;
      at = code === SLASH || isSpace(code) ? at + 1 : this.#attribute(at, take);
    }
    this.isWhole = false;
    return text.length;
  }

  #attribute(start: number, take: AttributeTaker | null): number {
    const text = this.#text;
    let at = start + 1; // the first character of a name may be any, even "="
    while (at < text.length && !endsAttributeName(text.charCodeAt(at))) at += 1;
    const nameStop = at;
    while (isSpace(text.charCodeAt(at))) at += 1;
    if (text.charCodeAt(at) !== EQUALS) {
      take?.(start, nameStop, at, at);
      return at;
    }
    at += 1;
    while (isSpace(text.charCodeAt(at))) at += 1;
    const quote = text.charCodeAt(at);
    const isQuoted = quote === 0x22 || quote === 0x27;
    const valueStart = isQuoted ? at + 1 : at;
    const valueEnd = isQuoted ? quoteEnd(text, quote, valueStart) : unquotedEnd(text, valueStart);
    take?.(start, nameStop, valueStart, valueEnd);
    return isQuoted ? valueEnd + 1 : valueEnd;
  }
}

const EQUALS = 0x3d;
const GREATER = 0x3e;
const SLASH = 0x2f;

function endsAttributeName(code: number): boolean {
  return code <= GREATER && (code === GREATER || code === EQUALS || code === SLASH || isSpace(code));
}

function quoteEnd(text: string, quote: number, at: number): number {
  const end = text.indexOf(quote === 0x22 ? '"' : "'", at);
  return end < 0 ? text.length : end;
}

function unquotedEnd(text: string, at: number): number {
  let end = at;
  for (; end < text.length; end++) {
    const code = text.charCodeAt(end);
    if (code === GREATER || isSpace(code)) break;
  }
  return end;
}
