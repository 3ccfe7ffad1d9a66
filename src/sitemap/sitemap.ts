// What a sitemap lists: the XML of sitemaps.org, its index, plain text, RSS and Atom; told by what it holds, not by its type.
// Source of the rules: https://www.sitemaps.org/protocol.html
import { setImmediate as breathe } from 'node:timers/promises';
import { type EntryTaker, SitemapEntries } from './entries.ts';
import { sitemapText } from './text.ts';
import { BoundedText, longestUrl } from './xml.ts';

export interface SitemapEntry {
  /** As it stands in the file: character references and CDATA read, white space around it removed; not normalised, perhaps relative. */
  url: string;
  /** As it stands (W3C datetime, or RSS/Atom date turned into ISO 8601 where it parses), null if absent or longer than 64 characters. */
  lastmod: string | null;
}

export interface SitemapFacts {
  /** urlset: entries are pages. index: entries are further sitemaps. text, rss, atom: pages. none: this is no sitemap (an HTML page, say); no entries. */
  kind: 'urlset' | 'index' | 'text' | 'rss' | 'atom' | 'none';
  /** In the order of the file, perhaps some of them twice. */
  entries: SitemapEntry[];
  /** Sentences for a log: what was wrong or left out, at most 20. */
  warnings: string[];
}

export interface SitemapLimits {
  maxEntries: number;
  /** Of the decompressed text. */
  maxBytes: number;
}

/** https://www.sitemaps.org/protocol.html#index: "no more than 50,000 URLs and must be no larger than 50MB (52,428,800 bytes)". */
export const sitemapLimits: SitemapLimits = { maxEntries: 50_000, maxBytes: 50 * 1024 * 1024 };

/** How long the event loop is held at a time, but for the piece at hand. */
const sliceMs = 3;

/**
 * Reads the body of a sitemap as it came, its content coding undone: compressed with gzip or not, in any of the forms and any
 * character set. `contentType` is asked for the character set alone. What comes after a limit is not read; of broken XML, every
 * entry that is whole counts. Never throws for anything in the body, and never holds the event loop longer than about 10 ms.
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
  /** Where it was first. */
  at: number;
  count: number;
}

/** Reads the text of a sitemap, however it is cut into pieces. */
export class SitemapReader implements EntryTaker {
  readonly #maxEntries: number;
  readonly #entries: SitemapEntry[] = [];
  readonly #warnings = new Set<string>();
  /** By what is wrong, of which there are few kinds: so the warnings are few. */
  readonly #flaws = new Map<string, Flaw>();
  #form: SitemapEntries | Lines | null = null;
  #characters = 0;
  #isOver = false;
  #isCut = false;

  constructor(maxEntries: number) {
    this.#maxEntries = maxEntries;
  }

  /** Answers whether more is wanted. */
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

  /** To be called once, when all has been written. */
  end(): SitemapFacts {
    if (!this.#isOver) this.#form?.end(this.#isCut, this.#characters);
    const kind = this.#form?.kind ?? 'none';
    if (kind === 'none') this.#warnings.add(whyNone(this.#form));
    else for (const [what, flaw] of this.#flaws) this.#warnings.add(sentenceOf(what, flaw));
    return { kind, entries: this.#entries, warnings: [...this.#warnings] };
  }

  /** The text has more, which will not be written. */
  cutShort(sentence: string): void {
    this.#isCut = true;
    this.#warnings.add(sentence);
  }

  entry(url: string | null, lastmod: string | null, at: number): void {
    if (this.#isOver) return;
    if (url === null) this.flaw(`A URL of more than ${longestUrl} characters is left out`, at);
    else if (url === '') this.flaw('An entry has no URL', at);
    else if (this.#entries.length < this.#maxEntries) {
      this.#entries.push({ url: detached(url), lastmod: lastmod === null ? null : detached(lastmod) });
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

/** One URL a line; empty lines and those that begin with # are none. */
class Lines {
  /** Null until there is a URL. */
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

  /** `isCut`: the last line is not whole. */
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
      this.#taker.entry(value, null, this.#lineStart);
    } else if (!value.startsWith('#')) this.#taker.flaw('A line is no URL', this.#lineStart);
  }
}

function whyNone(form: SitemapEntries | Lines | null): string {
  if (form === null) return 'It is empty, or white space alone.';
  if (form instanceof Lines) return 'It is no sitemap: none of its lines is a URL.';
  if (form.kind === null) return 'It is no sitemap: there is no element in it.';
  if (form.root === 'html') return 'It is no sitemap: it is an HTML page.';
  const root = form.root.replace(/[^\w:.-]/g, '?').slice(0, 64);
  return `It is no sitemap: its root element is <${root}>.`;
}

function sentenceOf(what: string, { at, count }: Flaw): string {
  return `${what}: at character ${at}${count > 1 ? `, and ${count - 1} times more` : ''}.`;
}

/** A copy: a part of a string keeps all of it in memory. */
function detached(text: string): string {
  return Buffer.from(text).toString();
}
