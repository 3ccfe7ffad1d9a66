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
 * deeper than 1,000 others; with `flattens` it never stops, and reads such a one as if it stood in none.
 * Takes linear time. Never throws but what the reader throws.
 */
export function readElements(html: string, reader: ElementReader, { flattens = false } = {}): boolean {
  for (let rest = html; ; ) {
    const deep = readUpTo(MOST_DEPTH, rest, reader);
    if (deep === null) return true;
    if (!flattens) return false;
    rest = rest.slice(deep);
  }
}

/** Where the first element begins that stands too deep; null if there is none. */
function readUpTo(mostDepth: number, html: string, reader: ElementReader): number | null {
  let depth = 0;
  const tooDeep = new Error('too deep');
  const parser = new Parser(
    {
      onopentag(name, attributes) {
        if (++depth > mostDepth) throw tooDeep;
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
    return null;
  } catch (error) {
    if (error === tooDeep) return parser.startIndex;
    throw error;
  }
}
