// Finds the entries of a sitemap or a feed in its XML, as it comes; an entry counts if its URL is whole, whatever is broken around it.
import { dateOf, type Vocabulary, vocabularies } from './vocabulary.ts';
import { BoundedText, XmlReader, type XmlTaker } from './xml.ts';

/** What is told of a sitemap while it is read. Positions are in characters of its text. */
export interface EntryTaker {
  /** `url` is null if it is too long, '' if there is none. */
  entry(url: string | null, lastmod: string | null, at: number): void;
  /** Something is not as it should be; reading goes on. */
  flaw(what: string, at: number): void;
}

/** Deeper elements are counted, not kept. */
const mostNested = 64;
const mostPrefixes = 32;

const unclosed = 'An element is not closed';

/** The entry at hand. */
interface Entry {
  /** Undefined until it is known. */
  url: string | null | undefined;
  lastmod: string | null;
}

export class SitemapEntries implements XmlTaker {
  /** Null until the root element has come; 'none' if it is of no sitemap. */
  kind: Vocabulary['kind'] | 'none' | null = null;
  /** The name of the root element, in lower case. */
  root = '';
  readonly #taker: EntryTaker;
  readonly #xml = new XmlReader(this);
  #vocabulary: Vocabulary | null = null;
  /** Of names that belong to the vocabulary. */
  readonly #prefixes = new Set<string>();
  #isRootClosed = false;

  #entry: Entry | null = null;
  /** The open elements within the entry, outermost first, and how many more there are inside these. */
  readonly #open: string[] = [];
  #deeper = 0;
  /** What the text at hand will be. */
  #part: 'url' | 'lastmod' | null = null;
  #text = new BoundedText();
  readonly #startsAt: number;

  /** `startsAt`: how many characters of the text were before what will be written. */
  constructor(taker: EntryTaker, startsAt: number) {
    this.#taker = taker;
    this.#startsAt = startsAt;
  }

  get wantsText(): boolean {
    return this.#part !== null;
  }

  write(text: string): void {
    this.#xml.write(text);
  }

  stop(): void {
    this.#xml.stop();
  }

  /** The text is at its end; `isCut`: not by its own. An entry whose URL is whole counts. */
  end(isCut: boolean, at: number): void {
    this.#xml.end();
    if (this.#entry?.url) this.#endEntry(at);
    if (this.kind !== 'none' && !this.#isRootClosed && !isCut) this.#flaw('It breaks off', at);
  }

  startElement(name: string, attributes: ReadonlyMap<string, string | null>, at: number): void {
    if (this.kind === 'none') return;
    if (!this.#vocabulary) this.#startRoot(name);
    const vocabulary = this.#vocabulary;
    if (!vocabulary) return;
    this.#learnPrefixes(attributes, vocabulary);
    const local = this.#localName(name);
    if (local === vocabulary.entry) this.#startEntry(at);
    else if (this.#entry) this.#startInner(name, local, attributes, at);
  }

  endElement(name: string, at: number): void {
    if (name === this.root) this.#isRootClosed = true;
    if (!this.#entry) return;
    if (name === this.root || this.#localName(name) === this.#vocabulary?.entry) {
      if (name === this.root || this.#open.length > 0) this.#flaw(unclosed, at);
      this.#endEntry(at);
    } else this.#endInner(name, at);
  }

  text(piece: string | null, at: number, isStray: boolean): void {
    if (isStray) this.#flaw('A & begins no reference that XML knows', at);
    this.#text.add(piece);
  }

  #startRoot(name: string): void {
    const colon = name.indexOf(':');
    this.root = name;
    this.#vocabulary = vocabularies.get(name.slice(colon + 1)) ?? null;
    this.kind = this.#vocabulary?.kind ?? 'none';
    if (colon >= 0) this.#prefixes.add(name.slice(0, colon));
  }

  /** Without regard to where in the document they hold: no document uses one prefix for two vocabularies. */
  #learnPrefixes(attributes: ReadonlyMap<string, string | null>, { namespace }: Vocabulary): void {
    for (const [name, uri] of attributes) {
      const isOwn = name.startsWith('xmlns:') && uri !== null && namespace.test(uri);
      if (isOwn && this.#prefixes.size < mostPrefixes) this.#prefixes.add(name.slice('xmlns:'.length));
    }
  }

  /** '' for a name of another vocabulary (image:loc), Dublin Core's date excepted. */
  #localName(name: string): string {
    const colon = name.indexOf(':');
    const local = name.slice(colon + 1);
    return colon < 0 || this.#prefixes.has(name.slice(0, colon)) || local === 'date' ? local : '';
  }

  #startEntry(at: number): void {
    if (this.#entry) {
      this.#flaw(unclosed, at);
      this.#endEntry(at);
    }
    this.#entry = { url: undefined, lastmod: null };
  }

  #startInner(name: string, local: string, attributes: ReadonlyMap<string, string | null>, at: number): void {
    const { leaves, url, dates, hasHref } = this.#vocabulary as Vocabulary;
    const [outermost = ''] = this.#open;
    if (leaves.includes(local) && leaves.includes(this.#localName(outermost))) {
      this.#flaw(unclosed, at);
      this.#closeFrom(0);
      this.#part = null;
    }
    if (this.#open.length === mostNested) this.#deeper += 1;
    else this.#open.push(name);
    if (this.#open.length > 1 || !this.#entry) return;
    if (local === url && this.#entry.url === undefined) {
      if (hasHref) this.#takeLink(attributes);
      else this.#startPart('url');
    } else if (dates.includes(local) && this.#entry.lastmod === null) this.#startPart('lastmod');
  }

  #startPart(part: 'url' | 'lastmod'): void {
    this.#part = part;
    this.#text = new BoundedText();
  }

  #endInner(name: string, at: number): void {
    if (this.#deeper > 0) {
      this.#deeper -= 1;
      return;
    }
    const index = this.#open.lastIndexOf(name);
    if (index < 0) {
      this.#flaw('An end tag has no start tag', at);
      return;
    }
    if (index < this.#open.length - 1) this.#flaw(unclosed, at);
    this.#closeFrom(index);
    if (index === 0) this.#endPart();
  }

  #closeFrom(index: number): void {
    while (this.#open.length > index) this.#open.pop(); // a new length would cost a new store, for every element
    this.#deeper = 0;
  }

  #endPart(): void {
    const { value } = this.#text;
    // Of an empty one, the next of its name counts.
    if (this.#entry && this.#part === 'url' && value !== '') this.#entry.url = value;
    if (this.#entry && this.#part === 'lastmod') this.#entry.lastmod = dateOf(value, this.kind === 'rss');
    this.#part = null;
  }

  /** RFC 4287 section 4.2.7.2: a link without rel is an alternate one. */
  #takeLink(attributes: ReadonlyMap<string, string | null>): void {
    const rel = attributes.get('rel') ?? 'alternate';
    const href = attributes.get('href');
    if (this.#entry && href !== '' && rel.trim().toLowerCase() === 'alternate') this.#entry.url = href;
  }

  #endEntry(at: number): void {
    const { url = '', lastmod = null } = this.#entry ?? {};
    this.#entry = null;
    this.#part = null;
    this.#closeFrom(0);
    this.#taker.entry(url, lastmod, at + this.#startsAt);
  }

  #flaw(what: string, at: number): void {
    this.#taker.flaw(what, at + this.#startsAt);
  }
}
