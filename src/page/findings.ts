// What is found in an answer: the title and links of a page, what it says to robots, and its text.
import { isNoSniff, mediaTypeOf } from '../fetch/body/media-type.ts';
import { decodeText } from '../fetch/body/text.ts';
import { hasXhtmlRoot } from '../markup/xml-tags.ts';
import type { Answer } from '../outcome.ts';
import { createLinkResolver, type UrlRules } from '../url/normalize.ts';
import { readHeaderDirectives, readPage } from './links.ts';
import type { PageStatement } from './usage.ts';

export interface Findings {
  title: string | null;
  links: string[] | null;
  /** The page asks robots not to follow its links, and not to show it in a search. */
  nofollow: boolean;
  noindex: boolean | null;
  /** What the page itself says about its use. */
  statements: readonly PageStatement[];
  /** How many links were longer than a URL may be. */
  tooLong: number;
  text: string | null;
  charset: string | null;
}

const NOTHING: Findings = {
  title: null,
  links: null,
  nofollow: false,
  noindex: null,
  statements: [],
  tooLong: 0,
  text: null,
  charset: null,
};

type Examined = Pick<Answer, 'finalUrl' | 'headers' | 'body'>;

/**
 * Finds the title and links of a page in HTML or XHTML, and the text of any textual answer. `robot`, a name
 * in lower case: what the page says to it by name is obeyed too.
 */
export function findInAnswer(answer: Examined, rules: UrlRules, robot: string): Findings {
  const textual = textOf(answer);
  if (textual === null) return NOTHING;
  const { text, charset, isHtml, xhtml } = textual;
  const directives = readHeaderDirectives(answer.headers, robot);
  let tooLong = 0;
  const urlRules = { ...rules, onTooLong: () => tooLong++ };
  const resolveOfHeader = () => createLinkResolver(answer.finalUrl, urlRules);
  if (!isHtml) {
    const links = directives.refresh === null ? null : [];
    if (links && !directives.nofollow) addLinks(links, [directives.refresh ?? ''], resolveOfHeader());
    return { ...NOTHING, links, tooLong, text, charset };
  }
  const page = readPage(text, answer.finalUrl, urlRules, { xhtml, robot, charset });
  const nofollow = page.nofollow || directives.nofollow;
  if (directives.links.length > 0) addLinks(page.links, directives.links, resolveOfHeader());
  const noindex = page.noindex || directives.noindex;
  const { title, statements } = page;
  const links = nofollow ? [] : page.links;
  return { title, links, nofollow, noindex, statements, tooLong, text, charset };
}

/** Finds the text of a textual answer alone, as of one that is not the page itself. */
export function findText(answer: Examined): Findings {
  const textual = textOf(answer);
  return textual === null ? NOTHING : { ...NOTHING, text: textual.text, charset: textual.charset };
}

function textOf({ headers, body }: Examined) {
  const type = mediaTypeOf(headers['content-type'], body, isNoSniff(headers['x-content-type-options']));
  if (type.kind === 'binary') return null;
  const { text, charset } = decodeText(body, type);
  const xhtml = type.essence === 'application/xhtml+xml' || (type.kind === 'xml' && hasXhtmlRoot(text));
  return { text, charset, xhtml, isHtml: type.kind === 'html' || xhtml };
}

function addLinks(links: string[], hrefs: readonly string[], resolve: (href: string) => string | null): void {
  for (const href of hrefs) {
    const url = resolve(href);
    if (url && !links.includes(url)) links.push(url);
  }
}
