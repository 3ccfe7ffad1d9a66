// Reads the elements and text of a page in HTML, one after the other.
import { Parser } from 'htmlparser2';

/**
 * The parser takes time for each element by how deep it stands. Browsers stop at 512; pages with elements
 * that are never closed come deeper here.
 */
const MOST_DEPTH = 1000;

export interface ElementReader {
  onopentag(name: string, attributes: Record<string, string>): void;
  ontext(text: string): void;
  /** Comes for each element that was opened, whether or not the page closes it. */
  onclosetag(name: string): void;
}

/**
 * Calls the reader for all elements and texts of the page. Returns false when it stopped at one that stands
 * deeper than 1,000 others. Takes linear time. Never throws but what the reader throws.
 */
export function readElements(html: string, reader: ElementReader): boolean {
  let depth = 0;
  const tooDeep = new Error('too deep');
  const parser = new Parser(
    {
      onopentag(name, attributes) {
        if (++depth > MOST_DEPTH) throw tooDeep;
        reader.onopentag(name, attributes);
      },
      ontext: (text) => reader.ontext(text),
      onclosetag(name) {
        depth--;
        reader.onclosetag(name);
      },
    },
    { decodeEntities: true },
  );
  try {
    parser.end(html);
    return true;
  } catch (error) {
    if (error === tooDeep) return false;
    throw error;
  }
}
