// The text of a page that people read, line by line: without markup, navigation and footers.
import { readElements } from '../markup/elements.ts';

/** Elements whose text is not of the page itself, or not shown. */
export const hiddenElements: ReadonlySet<string> = new Set(
  'head script style template noscript svg math iframe object nav footer'.split(' '),
);
/** Elements that stand within a line. */
export const inlineElements: ReadonlySet<string> = new Set(
  'a abbr b bdi bdo cite code em font i mark q s small span strong sub sup u wbr'.split(' '),
);
/** Characters of a page's text that are read; the rest is left out. */
export const MOST_TEXT = 2 * 1024 * 1024;

const cells = new Set(['td', 'th']);
/** They keep the lines of their text. */
const preformatted = new Set(['pre', 'textarea']);
/** A longer paragraph is a line for each sentence. */
const LONG_LINE = 160;
const sentenceEnd = /(?<=[.!?…]["'”’)]?)\s+|(?<=[。！？])/u;

export interface TextLines {
  /** Without blanks around them; none is empty. */
  lines: string[];
  /** False when the text is longer than MOST_TEXT, or the page nested too deeply: the rest was left out. */
  isWhole: boolean;
}

/**
 * The lines of a page in HTML: a paragraph, a heading, an item of a list, a row of a table; of a long
 * paragraph each sentence. Never throws. Takes linear time.
 */
export function linesOfHtml(html: string): TextLines {
  const reader = new LineReader();
  const isWhole = readElements(html, reader);
  const { lines, isWhole: hasAll } = reader.read();
  return { lines, isWhole: isWhole && hasAll };
}

/** The lines of a text that is no page: as they are, without blanks around them. */
export function linesOfText(text: string): TextLines {
  const isWhole = text.length <= MOST_TEXT;
  return { lines: (isWhole ? text : text.slice(0, MOST_TEXT)).split('\n').flatMap(trimmed), isWhole };
}

class LineReader {
  readonly #lines: string[] = [];
  #line: string[] = [];
  #characters = 0;
  #depth = 0;
  /** The depth of the element that hides what is in it; 0 for none. */
  #hiddenAt = 0;
  #preformattedAt = 0;

  read(): TextLines {
    this.#endLine();
    return { lines: this.#lines, isWhole: this.#characters <= MOST_TEXT };
  }

  onopentag(name: string, attributes: Record<string, string>): void {
    this.#depth++;
    if (this.#hiddenAt > 0) return;
    if (hiddenElements.has(name) || name === 'title' || attributes.hidden !== undefined) {
      this.#hiddenAt = this.#depth;
      return;
    }
    if (preformatted.has(name) && this.#preformattedAt === 0) this.#preformattedAt = this.#depth;
    this.#part(name);
  }

  ontext(text: string): void {
    if (this.#hiddenAt > 0 || this.#characters > MOST_TEXT) return;
    this.#characters += text.length;
    if (this.#preformattedAt === 0) {
      this.#line.push(text);
      return;
    }
    for (const [index, line] of text.split('\n').entries()) {
      if (index > 0) this.#endLine();
      this.#line.push(line);
    }
  }

  onclosetag(name: string): void {
    if (this.#hiddenAt === this.#depth) this.#hiddenAt = 0;
    else if (this.#hiddenAt === 0) this.#part(name);
    if (this.#preformattedAt === this.#depth) this.#preformattedAt = 0;
    this.#depth--;
  }

  /** What an element parts: the cells of a row by a blank, and all but those within a line by a new line. */
  #part(name: string): void {
    if (cells.has(name)) this.#line.push(' ');
    else if (!inlineElements.has(name)) this.#endLine();
  }

  #endLine(): void {
    if (this.#line.length === 0) return;
    const line = this.#line.join('').replace(/\s+/g, ' ').trim();
    this.#line = [];
    const isLong = line.length > LONG_LINE;
    for (const part of isLong ? line.split(sentenceEnd) : [line]) if (part !== '') this.#lines.push(part);
  }
}

function trimmed(line: string): string[] {
  const text = line.trim();
  return text === '' ? [] : [text];
}
