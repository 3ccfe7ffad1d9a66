// Finds the entries of a sitemap or a feed while its XML is read piece by piece. An entry counts if its URL
// is complete, even if the XML around it is broken.
import { dateOf, type Vocabulary, vocabularies } from './vocabulary.ts';
import { BoundedText, unknownEntity, XmlReader, type XmlTaker } from './xml.ts';

/** Receives the entries of a sitemap while it is read. Positions are in characters of its text. */
export interface EntryTaker {
  /**
   * Called for each entry. `url` is null if it is too long, and '' if there is none. `bases`: what it is
   * relative to, outermost first, each relative to the one before.
   */
  entry(url: string | null, lastmod: string | null, bases: readonly string[], at: number): void;
  /** Called for each defect of the XML. Reading goes on. */
  flaw(what: string, at: number): void;
}

/** The names of this many nested elements are kept. Deeper elements are only counted. */
const mostNested = 64;
const mostPrefixes = 32;

const unclosed = 'An element is not closed';
const unknown = 'A URL with an entity that XML does not know is left out';

/** The entry that is being read. */
interface Entry {
  /** Undefined until the URL has been read. */
  url: string | null | undefined;
  /** The URL if no other is found. */
  otherUrl: string | null | undefined;
  lastmod: string | null;
  bases: Bases;
  hasUnknownEntity: boolean;
}

type Attributes = ReadonlyMap<string, string | null>;

/**
 * The xml:base of the root, of the entry and of the element of the URL, where there are any. Null if one of
 * them cannot be known.
 */
type Bases = readonly string[] | null;

/** The longest name of an entity that is looked for, in characters. */
const longestEntity = 64;

/** The bases with the xml:base of an element, if it has one. */
function withBase(bases: Bases, attributes: Attributes): Bases {
  const base = attributes.get('xml:base');
  if (bases === null || base === null) return null;
  return base ? [...bases, base] : bases;
}

/** Such a URL needs no base. */
const absolute = /^[a-z][a-z0-9+.-]*:/i;

function isPermalink(attributes: Attributes): boolean {
  return attributes.get('ispermalink')?.trim().toLowerCase() !== 'false';
}

/** Reads one sitemap and calls `taker` for each entry and each defect. */
export class SitemapEntries implements XmlTaker {
  /** Null until the root element has been read; 'none' if that is no root element of a sitemap. */
  kind: Vocabulary['kind'] | 'none' | null = null;
  /** The name of the root element, in lower case. */
  root = '';
  readonly #taker: EntryTaker;
  readonly #xml = new XmlReader(this);
  #vocabulary: Vocabulary | null = null;
  /** The prefixes of names that belong to the vocabulary. */
  readonly #prefixes = new Set<string>();
  #isRootClosed = false;
  #rootBases: Bases = [];

  #entry: Entry | null = null;
  /**
   * The open elements within the entry, outermost first; `#deeper` counts those nested too deep to be kept.
   */
  readonly #open: string[] = [];
  #deeper = 0;
  /** What the text of the current element becomes; null if it is not needed. */
  #part: 'url' | 'otherUrl' | 'lastmod' | null = null;
  /** The text since the last & that began no reference of XML; '' if there was none. */
  #stray = '';
  #text = new BoundedText();
  readonly #startsAt: number;

  /** `startsAt` is the number of characters that the text has before the first `write`. */
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

  /**
   * To be called at the end of the text. `isCut`: the text goes on but is not read. An open entry counts if
   * its URL is complete.
   */
  end(isCut: boolean, at: number): void {
    this.#xml.end();
    if (this.#entry?.url) this.#endEntry(at);
    if (this.kind !== 'none' && !this.#isRootClosed && !isCut) this.#flaw('It breaks off', at);
  }

  startElement(name: string, attributes: Attributes, at: number): void {
    if (this.kind === 'none') return;
    if (!this.#vocabulary) {
      this.#startRoot(name);
      this.#rootBases = withBase([], attributes);
    }
    const vocabulary = this.#vocabulary;
    if (!vocabulary) return;
    this.#learnPrefixes(attributes, vocabulary);
    const local = this.#localName(name);
    if (local === vocabulary.entry) this.#startEntry(attributes, at);
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
    if (this.#part !== 'url' && this.#part !== 'otherUrl') return;
    if (isStray || this.#stray !== '') this.#stray = (isStray ? '' : this.#stray) + (piece ?? '');
    if (this.#entry && unknownEntity.test(this.#stray)) this.#entry.hasUnknownEntity = true;
    this.#stray = this.#stray.slice(this.#stray.lastIndexOf('&')).slice(0, longestEntity);
  }

  #startRoot(name: string): void {
    const colon = name.indexOf(':');
    this.root = name;
    this.#vocabulary = vocabularies.get(name.slice(colon + 1)) ?? null;
    this.kind = this.#vocabulary?.kind ?? 'none';
    if (colon >= 0) this.#prefixes.add(name.slice(0, colon));
  }

  /**
   * Learns the prefixes declared by an element, for the whole document: none uses one prefix for two
   * vocabularies.
   */
  #learnPrefixes(attributes: Attributes, { namespace }: Vocabulary): void {
    for (const [name, uri] of attributes) {
      const isOwn = name.startsWith('xmlns:') && uri !== null && namespace.test(uri);
      if (isOwn && this.#prefixes.size < mostPrefixes) this.#prefixes.add(name.slice('xmlns:'.length));
    }
  }

  /**
   * The name without its prefix. '' for a name of another vocabulary (image:loc), except for the date of
   * Dublin Core.
   */
  #localName(name: string): string {
    const colon = name.indexOf(':');
    const local = name.slice(colon + 1);
    return colon < 0 || this.#prefixes.has(name.slice(0, colon)) || local === 'date' ? local : '';
  }

  #startEntry(attributes: Attributes, at: number): void {
    if (this.#entry) {
      this.#flaw(unclosed, at);
      this.#endEntry(at);
    }
    const { ownAttribute } = this.#vocabulary as Vocabulary;
    const otherUrl = ownAttribute === null ? undefined : attributes.get(ownAttribute);
    const bases = withBase(this.#rootBases, attributes);
    this.#entry = { url: undefined, otherUrl, lastmod: null, bases, hasUnknownEntity: false };
  }

  #startInner(name: string, local: string, attributes: Attributes, at: number): void {
    const { leaves } = this.#vocabulary as Vocabulary;
    const [outermost = ''] = this.#open;
    if (leaves.includes(local) && leaves.includes(this.#localName(outermost))) {
      this.#flaw(unclosed, at);
      this.#closeFrom(0);
      this.#part = null;
    }
    if (this.#open.length === mostNested) this.#deeper += 1;
    else this.#open.push(name);
    if (this.#open.length > 1 || !this.#entry) return;
    this.#startPartOf(this.#entry, local, attributes);
  }

  #startPartOf(entry: Entry, local: string, attributes: Attributes): void {
    const { url, dates, hasHref, otherwise } = this.#vocabulary as Vocabulary;
    if (local === url && entry.url === undefined) {
      if (hasHref) this.#takeLink(entry, attributes);
      else {
        this.#startPart('url');
        entry.bases = withBase(entry.bases, attributes);
      }
    } else if (dates.includes(local) && entry.lastmod === null) this.#startPart('lastmod');
    else if (!entry.url && !entry.otherUrl && otherwise) {
      if (!('element' in otherwise)) {
        if (local === otherwise.text && isPermalink(attributes)) this.#startPart('otherUrl');
      } else if (local === otherwise.element) entry.otherUrl = attributes.get(otherwise.attribute);
    }
  }

  #startPart(part: 'url' | 'otherUrl' | 'lastmod'): void {
    this.#part = part;
    this.#stray = '';
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
    while (this.#open.length > index) this.#open.pop(); // setting the length would allocate
    this.#deeper = 0;
  }

  #endPart(): void {
    const { value } = this.#text;
    // If the element is empty, the next one of the same name counts.
    if (this.#entry && this.#part === 'url' && value !== '') this.#entry.url = value;
    // A guid of another form is a name, not a URL.
    if (this.#entry && this.#part === 'otherUrl' && value && /^https?:\/\//i.test(value))
      this.#entry.otherUrl = value;
    if (this.#entry && this.#part === 'lastmod') this.#entry.lastmod = dateOf(value, this.kind === 'rss');
    this.#part = null;
  }

  /**
   * Takes the URL of an Atom link. A link without rel counts as rel="alternate" (RFC 4287 section 4.2.7.2).
   */
  #takeLink(entry: Entry, attributes: Attributes): void {
    const rel = attributes.get('rel') ?? 'alternate';
    const href = attributes.get('href');
    if (rel.trim().toLowerCase() !== 'alternate') return;
    if (href === '' || href === undefined) return;
    entry.url = href;
    entry.bases = withBase(entry.bases, attributes);
  }

  #endEntry(at: number): void {
    const { url, otherUrl, lastmod = null, bases = [], hasUnknownEntity } = this.#entry ?? {};
    this.#entry = null;
    this.#part = null;
    this.#closeFrom(0);
    const found = url ?? (url === null ? null : (otherUrl ?? ''));
    const isUnknown = hasUnknownEntity || (bases === null && found !== null && !absolute.test(found));
    if (isUnknown) this.#flaw(unknown, at);
    else this.#taker.entry(found, lastmod, bases ?? [], at + this.#startsAt);
  }

  #flaw(what: string, at: number): void {
    this.#taker.flaw(what, at + this.#startsAt);
  }
}
