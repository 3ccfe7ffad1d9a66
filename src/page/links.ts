// Reads an HTML page as a browser and a polite crawler do: its links, its title, and its directives for
// robots.

import { decodeEntities } from '../markup/entities.ts';
import { scanTags, type Tag, type TagTaker } from '../markup/tags.ts';
import { scanXmlTags } from '../markup/xml-tags.ts';
import { createLinkResolver, type UrlRules } from '../url/normalize.ts';
import { addDirectives, readDirectives } from './directives.ts';
import { refreshTarget } from './refresh.ts';
import { licenceOf, type PageStatement, PageStatements } from './usage.ts';

export { readHeaderDirectives } from './directives.ts';

export interface PageFacts {
  /**
   * The title of the document, with white space collapsed, at most 1,000 characters. Null if there is none or
   * it is empty.
   */
  title: string | null;
  /**
   * The links, normalised, each once, in document order. Empty if the page asks robots not to follow its
   * links.
   */
  links: string[];
  nofollow: boolean;
  noindex: boolean;
  /** The target of the first `<link rel=canonical>`, normalised. */
  canonical: string | null;
  /** What its head says about its use. */
  statements: readonly PageStatement[];
}

/**
 * The largest number of links read from a page. A page with more is a trap, and the rest of it is not read.
 */
const MOST_LINKS = 200_000;
/**
 * The largest total length of the normalised links of a page, in characters. The links beyond it are left
 * out.
 */
const MOST_LINK_TEXT = 16 * 1024 * 1024;
const LONGEST_TITLE = 1000;

/**
 * Reads the text of an HTML page. `pageUrl` is the page's URL after redirects; `rules.base` is ignored.
 * `xhtml` is true where a browser reads the page as XML. Links are the http and https targets of `<a>`,
 * `<area>`, `<frame>`, `<iframe>`, `<meta http-equiv=refresh>` and `<link rel=next|prev|canonical|alternate
 * hreflang>`, resolved against the first `<base href>`, with their queries in the page's `charset`. Those
 * with `rel=nofollow` are left out. `robot`, a name in lower case: what a meta tag says to it by name is
 * obeyed as what it says to all. Never throws, however broken the page is.
 */
export function readPage(
  html: string,
  pageUrl: string,
  rules: UrlRules,
  { xhtml = false, robot = '', charset = 'utf-8' } = {},
): PageFacts {
  const reader = new PageReader(robot);
  if (xhtml) scanXmlTags(html, reader);
  else scanTags(html, reader);
  const { hrefs, canonical, robots } = reader;
  const resolve = createLinkResolver(baseOf(reader.base, pageUrl), rules, charset);
  return {
    title: titleOf(reader.title),
    links: robots.nofollow ? [] : uniqueLinks(hrefs, resolve),
    ...robots,
    canonical: canonical === null ? null : resolve(canonical),
    statements: reader.statements.all,
  };
}

class PageReader implements TagTaker {
  readonly hrefs: string[] = [];
  readonly robots = { nofollow: false, noindex: false };
  base: string | null = null;
  canonical: string | null = null;
  title = '';
  readonly statements: PageStatements;
  readonly #robot: string;

  constructor(robot: string) {
    this.#robot = robot;
    this.statements = new PageStatements(robot);
  }

  take(tag: Tag): boolean {
    switch (tag.isForeign ? `foreign ${tag.name}` : tag.name) {
      case 'a':
      case 'area':
        if (!relations(tag).includes('nofollow')) this.#add(tag.get('href'));
        break;
      case 'foreign a':
        if (!relations(tag).includes('nofollow')) this.#add(tag.get('href') ?? tag.get('xlink:href'));
        break;
      case 'frame':
      case 'iframe':
        this.#add(tag.get('src') || undefined); // an empty src loads no page
        break;
      case 'link':
        this.#takeLink(tag);
        break;
      case 'meta':
        this.#takeMeta(tag);
        break;
      case 'base':
        this.base ??= tag.get('href') ?? null;
    }
    return this.hrefs.length < MOST_LINKS;
  }

  takeTitle(text: string): void {
    this.title = text;
  }

  #add(href: string | undefined): void {
    if (href !== undefined) this.hrefs.push(href);
  }

  #takeLink(tag: Tag): void {
    const href = tag.get('href');
    const names = relations(tag);
    if (!href) return;
    if (names.includes('license')) this.statements.add('license', licenceOf(href, tag.get('type')));
    if (names.includes('nofollow')) return;
    if (names.includes('canonical')) this.canonical ??= href;
    const isAlternate = names.includes('alternate') && tag.get('hreflang') !== undefined;
    if (isAlternate || names.some((name) => followed.has(name))) this.hrefs.push(href);
  }

  #takeMeta(tag: Tag): void {
    const content = tag.get('content');
    if (content === undefined) return;
    if (tag.get('http-equiv')?.toLowerCase() === 'refresh') this.#add(refreshTarget(content) ?? undefined);
    const name = tag.get('name')?.trim().toLowerCase();
    if (name) this.statements.add(name, content);
    if (name && (name === 'robots' || name === this.#robot))
      addDirectives(this.robots, readDirectives(content, this.#robot));
  }
}

const followed = new Set(['next', 'prev', 'canonical']);

function relations(tag: Tag): string[] {
  const rel = tag.get('rel');
  return rel === undefined ? [] : rel.toLowerCase().split(/[\t\n\f\r ]+/);
}

/**
 * The base of a page's links. A base that is no valid URL, or has data: or javascript:, is ignored (HTML
 * standard §4.2.3).
 */
export function baseOf(href: string | null, pageUrl: string): string {
  const base = href === null ? null : URL.parse(href, pageUrl);
  return base === null || base.protocol === 'data:' || base.protocol === 'javascript:' ? pageUrl : base.href;
}

function uniqueLinks(hrefs: readonly string[], resolve: (href: string) => string | null): string[] {
  const links = new Set<string>();
  let characters = 0;
  for (const href of hrefs) {
    const url = resolve(href);
    if (url === null || links.has(url)) continue;
    characters += url.length;
    if (characters > MOST_LINK_TEXT) break;
    links.add(url);
  }
  return [...links];
}

function titleOf(source: string): string | null {
  // A character reference has at most 33 characters, so this much source is enough for the longest title.
  const text = decodeEntities(source.slice(0, 40 * LONGEST_TITLE));
  const title = text.replace(/[\t\n\f\r ]+/g, ' ').trim();
  const cut = title.slice(0, LONGEST_TITLE).replace(/[\ud800-\udbff]$/, ''); // half of a cut character
  return cut.toWellFormed() || null;
}
