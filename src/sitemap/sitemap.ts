// Reads sitemaps: the XML of sitemaps.org, sitemap indexes, plain text, RSS and Atom. The content decides
// which of these a file is, not its Content-Type. Source of the rules: https://www.sitemaps.org/protocol.html
import { setImmediate as breathe } from 'node:timers/promises';
import { type EntryTaker, SitemapEntries } from './entries.ts';
import { sitemapText } from './text.ts';
import { BoundedText, longestUrl } from './xml.ts';

export interface SitemapEntry {
  /**
   * The URL as written in the file, with character references and CDATA decoded and white space around it
   * removed. It is not normalised and may be relative.
   */
  url: string;
  /**
   * The date as written in the file; a date of RSS is converted to ISO 8601 if it is valid. Null if it is
   * absent or longer than 64 characters.
   */
  lastmod: string | null;
  /**
   * What the URL is relative to (xml:base), outermost first: each is relative to the one before, the first to
   * the file. Absent if there is none.
   */
  bases?: readonly string[];
}

export interface SitemapFacts {
  /**
   * index: the entries are further sitemaps. urlset, text, rss, atom: the entries are pages. none: this is no
   * sitemap (for example an HTML page) and has no entries.
   */
  kind: 'urlset' | 'index' | 'text' | 'rss' | 'atom' | 'none';
  /** In the order of the file. An entry may occur more than once. */
  entries: SitemapEntry[];
  /** Sentences for a log that say what was wrong or left out, at most 20. */
  warnings: string[];
}

export interface SitemapLimits {
  maxEntries: number;
  /** Size limit of the decompressed text. */
  maxBytes: number;
}

/**
 * The limits of the protocol: "no more than 50,000 URLs and must be no larger than 50MB (52,428,800 bytes)".
 * Source: https://www.sitemaps.org/protocol.html#index
 */
export const sitemapLimits: SitemapLimits = { maxEntries: 50_000, maxBytes: 50 * 1024 * 1024 };

/**
 * After this time, the reader lets the event loop do other work. It first finishes the piece that it is
 * reading.
 */
const sliceMs = 3;

/**
 * Reads the body of a sitemap in any of the formats and any character set. The Content-Encoding of the answer
 * has been undone before; the file itself may be compressed with gzip. `contentType` is used only to find the
 * character set. The part beyond a limit is not read. In broken XML, every entry with a complete URL counts.
 * Never throws, whatever the body contains, and never blocks the event loop for longer than about 10 ms.
 */
export async function readSitemap(
  body: Uint8Array,
  contentType: string,
  limits: SitemapLimits = sitemapLimits,
): Promise<SitemapFacts> {
  const reader = new SitemapReader(limits.maxEntries);
  let sliceStart = performance.now();
  const text = sitemapText(body, contentType, limits.maxBytes, (sentence) => reader.cutShort(sentence));
  for await (const piece of text) {
    if (!reader.write(piece)) break;
    if (performance.now() - sliceStart < sliceMs) continue;
    await breathe();
    sliceStart = performance.now();
  }
  return reader.end();
}

interface Flaw {
  /** Where the first one is, in characters of the text. */
  at: number;
  count: number;
}

/** Reads the text of a sitemap, piece by piece. */
export class SitemapReader implements EntryTaker {
  readonly #maxEntries: number;
  readonly #entries: SitemapEntry[] = [];
  readonly #warnings = new Set<string>();
  /** The defects by their description. There are few descriptions, so that there are few warnings. */
  readonly #flaws = new Map<string, Flaw>();
  #form: SitemapEntries | Lines | null = null;
  #characters = 0;
  #isOver = false;
  #isCut = false;

  constructor(maxEntries: number) {
    this.#maxEntries = maxEntries;
  }

  /** Reads a piece of the text. Returns whether the next piece should be written. */
  write(text: string): boolean {
    const start = this.#form ? 0 : text.search(/\S/);
    if (start >= 0) {
      const at = this.#characters + start;
      this.#form ??= text[start] === '<' ? new SitemapEntries(this, at) : new Lines(this, at);
      this.#form.write(text.slice(start), at);
    }
    this.#characters += text.length;
    return !this.#isOver && this.#form?.kind !== 'none';
  }

  /** Returns what the sitemap lists. To be called once, after the last `write`. */
  end(): SitemapFacts {
    if (!this.#isOver) this.#form?.end(this.#isCut, this.#characters);
    const kind = this.#form?.kind ?? 'none';
    if (kind === 'none') this.#warnings.add(whyNone(this.#form));
    else for (const [what, flaw] of this.#flaws) this.#warnings.add(sentenceOf(what, flaw));
    return { kind, entries: this.#entries, warnings: [...this.#warnings] };
  }

  /** To be called if the rest of the text will not be written. The sentence says why. */
  cutShort(sentence: string): void {
    this.#isCut = true;
    this.#warnings.add(sentence);
  }

  entry(url: string | null, lastmod: string | null, bases: readonly string[], at: number): void {
    if (this.#isOver) return;
    if (url === null) this.flaw(`A URL of more than ${longestUrl} characters is left out`, at);
    else if (url === '') this.flaw('An entry has no URL', at);
    else if (this.#entries.length < this.#maxEntries) {
      const entry = { url: detached(url), lastmod: lastmod === null ? null : detached(lastmod) };
      this.#entries.push(bases.length === 0 ? entry : { ...entry, bases: bases.map(detached) });
    } else this.#stop();
  }

  flaw(what: string, at: number): void {
    const known = this.#flaws.get(what);
    if (known) known.count += 1;
    else this.#flaws.set(what, { at, count: 1 });
  }

  #stop(): void {
    this.#isOver = true;
    this.#warnings.add(`It has more than ${this.#maxEntries} entries: the rest is not read.`);
    this.#form?.stop();
  }
}

/** Reads a plain text sitemap: one URL on each line. Empty lines and lines that begin with # are ignored. */
class Lines {
  /** Null until a line is a URL. */
  kind: 'text' | null = null;
  readonly #taker: EntryTaker;
  #line = new BoundedText();
  #lineStart: number;
  #isStopped = false;

  constructor(taker: EntryTaker, startsAt: number) {
    this.#taker = taker;
    this.#lineStart = startsAt;
  }

  write(text: string, at: number): void {
    let start = 0;
    for (const { index, 0: ending } of text.matchAll(/[\r\n]+/g)) {
      this.#line.add(text.slice(start, index));
      this.#endLine();
      if (this.#isStopped) return;
      start = index + ending.length;
      this.#lineStart = at + start;
    }
    this.#line.add(text.slice(start));
  }

  stop(): void {
    this.#isStopped = true;
  }

  /** To be called at the end of the text. `isCut`: the last line is not complete and does not count. */
  end(isCut: boolean): void {
    if (!isCut) this.#endLine();
  }

  #endLine(): void {
    const { value } = this.#line;
    if (value === '') return;
    this.#line = new BoundedText();
    if (value === null) this.#taker.flaw('A line is too long', this.#lineStart);
    else if (/^https?:\/\/\S+$/i.test(value)) {
      this.kind = 'text';
      this.#taker.entry(value, null, [], this.#lineStart);
    } else if (!value.startsWith('#')) this.#taker.flaw('A line is no URL', this.#lineStart);
  }
}

function whyNone(form: SitemapEntries | Lines | null): string {
  if (form === null) return 'It is empty or has only white space.';
  if (form instanceof Lines) return 'It is no sitemap: none of its lines is a URL.';
  if (form.kind === null) return 'It is no sitemap: there is no element in it.';
  if (form.root === 'html') return 'It is no sitemap: it is an HTML page.';
  const root = form.root.replace(/[^\w:.-]/g, '?').slice(0, 64);
  return `It is no sitemap: its root element is <${root}>.`;
}

function sentenceOf(what: string, { at, count }: Flaw): string {
  return `${what}: at character ${at}${count > 1 ? `, and ${count - 1} times more` : ''}.`;
}

/** Copies a string: a part of a longer string would keep all of that in memory. */
function detached(text: string): string {
  return Buffer.from(text).toString();
}
