// What the report reads in the stored body of a page: its text, its canonical URL, and what it loads by http.
import { readElements } from '../markup/elements.ts';
import { canonicalTarget } from '../page/directives.ts';
import { baseOf } from '../page/links.ts';
import { hiddenElements, inlineElements, MOST_TEXT } from '../page/main-text.ts';
import type { CrawlRecord } from '../record.ts';
import { textBodyOf } from '../records/text-body.ts';
import { createLinkResolver, type UrlRules } from '../url/normalize.ts';

export interface PageBody {
  /** Without navigation and footers. */
  text: string;
  canonical: string | null;
  /** URLs with http: that a page of https loads. */
  insecure: string[];
}

const MOST_RESOURCES = 100;
const LONGEST_RESOURCE = 2000;
/** The attributes that load something, by tag. */
const loading: Readonly<Record<string, readonly string[]>> = {
  ...{ img: ['src', 'srcset'], script: ['src'], iframe: ['src'], frame: ['src'], embed: ['src'] },
  ...{ audio: ['src'], video: ['src', 'poster'], source: ['src', 'srcset'], track: ['src'] },
  ...{ object: ['data'], input: ['src'], form: ['action'], body: ['background'] },
};
const loadingLink = /(^|\s)(stylesheet|icon|preload|modulepreload|prefetch|manifest|apple-touch-icon)(\s|$)/i;
const inStyle = /url\(\s*["']?(http:\/\/[^"')\s]+)/gi;

/** Null when the record has no body. `url`: of the page, after redirects. Never throws. */
export function readPageBody(record: CrawlRecord, url: string, rules: UrlRules): PageBody | null {
  const body = textBodyOf(record);
  if (body === null) return null;
  const reader = new BodyReader(url);
  readElements(body.text, reader);
  const header = record.headers?.link;
  const href = reader.canonical ?? (header ? canonicalTarget(header) : null);
  const canonical = href === null ? null : createLinkResolver(baseOf(reader.base, url), rules)(href);
  return { text: reader.parts.join(''), canonical, insecure: [...reader.insecure] };
}

class BodyReader {
  readonly parts: string[] = [];
  readonly insecure = new Set<string>();
  base: string | null = null;
  canonical: string | null = null;
  #characters = 0;
  #hiding = 0;
  #inStyle = false;
  readonly #isSecure: boolean;

  constructor(url: string) {
    this.#isSecure = url.startsWith('https:');
  }

  onopentag(name: string, attributes: Record<string, string>): void {
    if (hiddenElements.has(name)) this.#hiding++;
    if (!inlineElements.has(name)) this.parts.push(' ');
    if (name === 'base') this.base ??= attributes.href ?? null;
    if (name === 'link' && /(^|\s)canonical(\s|$)/i.test(attributes.rel ?? ''))
      this.canonical ??= attributes.href?.trim() || null;
    if (!this.#isSecure) return;
    this.#inStyle = name === 'style';
    for (const attribute of loading[name] ?? []) this.#load(attribute, attributes[attribute]);
    if (name === 'link' && loadingLink.test(attributes.rel ?? '')) this.#load('href', attributes.href);
    if (attributes.style) this.#loadOfStyle(attributes.style);
  }

  ontext(text: string): void {
    if (this.#inStyle) this.#loadOfStyle(text);
    if (this.#hiding > 0 || this.#characters > MOST_TEXT) return;
    this.parts.push(text);
    this.#characters += text.length;
  }

  onclosetag(name: string): void {
    if (hiddenElements.has(name)) this.#hiding--;
    if (!inlineElements.has(name)) this.parts.push(' ');
    this.#inStyle = false;
  }

  #load(attribute: string, value: string | undefined): void {
    if (value === undefined) return;
    const urls = attribute === 'srcset' ? value.split(/,\s+|\s+/) : [value.trim()];
    for (const url of urls) if (/^http:/i.test(url)) this.#add(url);
  }

  #loadOfStyle(text: string): void {
    for (const [, url = ''] of text.matchAll(inStyle)) this.#add(url);
  }

  #add(url: string): void {
    if (this.insecure.size < MOST_RESOURCES) this.insecure.add(url.slice(0, LONGEST_RESOURCE));
  }
}
