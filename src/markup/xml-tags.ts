// Finds the tags of an XHTML page, as tags.ts does for HTML: names and attributes count as they are
// written, prefixes stand for namespaces, and nothing is raw text. After an error of syntax, where browsers
// stop, it reads on.
import { AttributeReader, type AttributeTaker } from './attributes.ts';
import { decodeAttribute } from './entities.ts';
import { declarationEnd, indexAfter, nameEnd } from './part-ends.ts';
import { readAttributes, readTags, type Tag, type TagTaker, withoutNul } from './tags.ts';

const XHTML = 'http://www.w3.org/1999/xhtml';
const SVG = 'http://www.w3.org/2000/svg';
const XLINK = 'http://www.w3.org/1999/xlink';
/** More of a title is not kept, in characters. */
const longestTitleSource = 100_000;

/**
 * Calls `taker` for the tags that scanTags reports, of the namespace of XHTML, and for `a` of SVG. Elements
 * in templates are left out. Takes linear time.
 */
export function scanXmlTags(xml: string, taker: TagTaker): void {
  new XmlTagScanner(xml, taker).scan();
}

/** Whether the root element is of XHTML: a browser shows such XML as a page. */
export function hasXhtmlRoot(xml: string): boolean {
  const scanner = new XmlTagScanner(xml, null);
  scanner.scan();
  return scanner.root === XHTML;
}

class XmlTagScanner implements Tag {
  name = '';
  isForeign = false;
  /** The namespace of the root element, undefined before it. */
  root: string | undefined;
  readonly #xml: string;
  /** Null: the scan ends at the root. */
  readonly #taker: TagTaker | null;
  readonly #reader: AttributeReader;
  readonly #values = new Map<string, string>();
  /** The attributes of that tag whose local name is href, by prefix. */
  readonly #prefixedHrefs = new Map<string, string>();
  /** The namespaces of a prefix, the innermost last; that without a prefix is ''. */
  readonly #namespaces = new Map<string, string[]>();
  /** The prefixes that open elements declare, each with the depth of its element. */
  readonly #declared: { depth: number; prefix: string }[] = [];
  #depth = 0;
  /** The depth of the outermost template, and of the title that is being read; 0 if there is none. */
  #templateDepth = 0;
  #titleDepth = 0;
  #title: string | null = null;
  #stopped = false;

  constructor(xml: string, taker: TagTaker | null) {
    this.#xml = xml;
    this.#taker = taker;
    this.#reader = new AttributeReader(xml);
  }

  get(attribute: string): string | undefined {
    const source = this.#values.get(attribute);
    if (source === undefined || hasUnknownEntity(source)) return undefined;
    return decodeAttribute(withoutNul(source.replace(/\r\n|[\t\n\r]/g, ' ')));
  }

  scan(): void {
    const xml = this.#xml;
    for (let from = 0; !this.#stopped; ) {
      const at = xml.indexOf('<', from);
      this.#text(from, at < 0 ? xml.length : at, false);
      if (at < 0) break;
      from = this.#markup(at + 1);
    }
  }

  #markup(at: number): number {
    const xml = this.#xml;
    if (xml.startsWith('/', at)) return this.#endTag(at + 1);
    if (xml.startsWith('?', at)) return indexAfter(xml, '?>', at);
    if (xml.startsWith('!DOCTYPE', at)) return doctypeEnd(xml, at);
    if (!xml.startsWith('!', at)) return this.#startTag(at);
    const end = declarationEnd(xml, at + 1, true);
    if (xml.startsWith('![CDATA[', at)) this.#text(at + '![CDATA['.length, end - ']]>'.length, true);
    return end;
  }

  #startTag(start: number): number {
    const nameStop = nameEnd(this.#xml, start);
    this.#depth += 1;
    this.#values.clear();
    this.#prefixedHrefs.clear();
    const end = this.#reader.read(nameStop, this.#keep);
    if (this.#reader.isWhole) this.#element(this.#xml.slice(start, nameStop));
    if (this.#reader.closesItself) this.#close();
    return end;
  }

  #endTag(start: number): number {
    if (this.#depth > 0) this.#close();
    return this.#reader.read(nameEnd(this.#xml, start), null);
  }

  #element(name: string): void {
    const colon = name.indexOf(':');
    const namespace = this.#uriOf(name.slice(0, Math.max(0, colon)));
    this.root ??= namespace ?? '';
    this.#stopped ||= this.#taker === null;
    if (this.#templateDepth > 0) return;
    this.name = name.slice(colon + 1);
    this.isForeign = namespace === SVG;
    if (namespace === SVG && this.name === 'a') this.#takeForeign();
    if (namespace !== XHTML) return;
    if (this.name === 'template') this.#templateDepth = this.#depth;
    else if (this.name === 'title') this.#startTitle();
    else if (readTags.has(this.name)) this.#take();
  }

  #take(): void {
    if (this.#taker) this.#stopped = !this.#taker.take(this);
  }

  #takeForeign(): void {
    for (const [prefix, value] of this.#prefixedHrefs)
      if (this.#uriOf(prefix) === XLINK) this.#values.set('xlink:href', value);
    this.#take();
  }

  #startTitle(): void {
    if (this.#title !== null) return;
    this.#title = '';
    this.#titleDepth = this.#depth;
  }

  /** Adds what stands directly in the title: elements in it do not count. */
  #text(start: number, end: number, isCdata: boolean): void {
    if (this.#titleDepth === 0 || this.#depth !== this.#titleDepth || this.#title === null) return;
    const text = this.#xml.slice(start, Math.min(end, start + longestTitleSource));
    if (this.#title.length < longestTitleSource)
      this.#title += isCdata ? text.replaceAll('&', '&amp;') : text;
  }

  #close(): void {
    if (this.#depth === this.#titleDepth) {
      this.#titleDepth = 0;
      this.#taker?.takeTitle(withoutNul(this.#title ?? ''));
    }
    if (this.#depth === this.#templateDepth) this.#templateDepth = 0;
    for (let last = this.#declared.at(-1); last?.depth === this.#depth; last = this.#declared.at(-1)) {
      this.#namespaces.get(last.prefix)?.pop();
      this.#declared.pop();
    }
    this.#depth -= 1;
  }

  #uriOf(prefix: string): string | undefined {
    return this.#namespaces.get(prefix)?.at(-1);
  }

  readonly #keep: AttributeTaker = (nameStart, nameStop, valueStart, valueEnd) => {
    const name = this.#xml.slice(nameStart, nameStop);
    const value = () => this.#xml.slice(valueStart, valueEnd);
    if (name === 'xmlns' || name.startsWith('xmlns:')) this.#declare(name.slice('xmlns:'.length), value());
    else if (name.endsWith(':href')) this.#prefixedHrefs.set(name.slice(0, -':href'.length), value());
    else if (readAttributes.has(name) && !this.#values.has(name)) this.#values.set(name, value());
  };

  #declare(prefix: string, source: string): void {
    const uris = this.#namespaces.get(prefix) ?? [];
    uris.push(decodeAttribute(source));
    this.#namespaces.set(prefix, uris);
    this.#declared.push({ depth: this.#depth, prefix });
  }
}

/** Whether the value has an entity that a DTD of its own declares, or nobody. */
function hasUnknownEntity(source: string): boolean {
  for (const [reference] of source.matchAll(/&[A-Za-z_:][\w:.-]*;/g))
    if (decodeAttribute(reference) === reference) return true;
  return false;
}

const inDoctype = /"[^"]*"?|'[^']*'?|<!--[\s\S]*?(?:-->|$)|[[\]>]/g;

/** The index after the DOCTYPE at `at`, with its internal subset. */
function doctypeEnd(xml: string, at: number): number {
  let isInSubset = false;
  inDoctype.lastIndex = at;
  for (let mark = inDoctype.exec(xml); mark; mark = inDoctype.exec(xml)) {
    if (mark[0] === '[') isInSubset = true;
    else if (mark[0] === ']') isInSubset = false;
    else if (mark[0] === '>' && !isInSubset) return mark.index + 1;
  }
  return xml.length;
}
