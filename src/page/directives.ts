// Reads what the headers of an answer say about links and indexing: X-Robots-Tag, Link and Refresh.
import { refreshTarget } from './refresh.ts';

export interface HeaderDirectives {
  nofollow: boolean;
  noindex: boolean;
  /** The links as written. The caller resolves them against the URL of the answer. */
  links: string[];
  /** Where Refresh leads, as written; it is among `links` too. It holds for answers that are no pages. */
  refresh: string | null;
}

export interface RobotsDirectives {
  nofollow: boolean;
  noindex: boolean;
}

/**
 * Reads the directives in the headers of an answer. Header names are in lower case; several lines of
 * X-Robots-Tag are joined by "\n", several values of another name by ", ". `robot`: our name, in lower case.
 */
export function readHeaderDirectives(headers: Record<string, string>, robot: string): HeaderDirectives {
  const tag = headers['x-robots-tag'];
  const link = headers.link;
  const robots = { nofollow: false, noindex: false };
  for (const line of tag?.split('\n') ?? []) addDirectives(robots, readDirectives(line, robot));
  const links = link === undefined ? [] : followedTargets(link);
  const refresh = headers.refresh === undefined ? null : refreshTarget(headers.refresh);
  if (refresh !== null) links.push(refresh);
  return { ...robots, links, refresh };
}

/** Several tags or lines hold together: what any of them forbids is forbidden. */
export function addDirectives(all: RobotsDirectives, { nofollow, noindex }: RobotsDirectives): void {
  all.nofollow ||= nofollow;
  all.noindex ||= noindex;
}

/**
 * A comma; or a word, with the colon behind it. A colon before a digit is no such colon: it stands in a time.
 */
const words = /,|([^\s,:]+)(\s*:(?!\d))?/g;
/**
 * Directives with a value, which is one word or a date. They have a colon after their name, as the name of a
 * robot has.
 */
const valued = new Set(['unavailable_after', 'max-snippet', 'max-image-preview', 'max-video-preview']);

/**
 * Reads the directives of a meta tag or of one line of a header, for example `noindex, nofollow`. In
 * `googlebot: nofollow, noindex, *: nosnippet`, a robot's name holds for all directives up to the next name;
 * what stands before the first one, or after `*` or `robots`, is meant for every robot. Obeyed is what is
 * meant for every robot, and for `robot`, a name in lower case. Never throws.
 */
export function readDirectives(text: string, robot: string): RobotsDirectives {
  const found = { nofollow: false, noindex: false };
  for (const word of directivesFor(text, robot)) addDirectives(found, meaningOf(word));
  return found;
}

/** The directives that are meant for every robot and for `robot`, in lower case. Values are left out. */
export function* directivesFor(text: string, robot: string): Generator<string> {
  let isForUs = true;
  let isValue = false;
  for (const [, word = ',', colon] of text.toLowerCase().matchAll(words)) {
    const isName = colon !== undefined && !valued.has(word);
    if (isName) isForUs = word === '*' || word === 'robots' || word === robot;
    else if (isForUs && !isValue) yield word;
    isValue = colon !== undefined && !isName;
  }
}

function meaningOf(word: string): RobotsDirectives {
  return { nofollow: word === 'none' || word === 'nofollow', noindex: word === 'none' || word === 'noindex' };
}

/**
 * The targets of `rel=next` and `rel=canonical` (RFC 8288). Links with `anchor` are left out: they belong to
 * another page.
 */
function followedTargets(header: string): string[] {
  return linksIn(header)
    .filter(({ relations }) => relations.includes('next') || relations.includes('canonical'))
    .flatMap(({ target }) => (/^<[^>]*>$/.test(target) ? [target.slice(1, -1).trim()] : []));
}

/** The target of the first `rel=canonical` of a Link header, as written; null if there is none. */
export function canonicalTarget(header: string): string | null {
  const found = linksIn(header).find(({ relations }) => relations.includes('canonical'));
  return found && /^<[^>]*>$/.test(found.target) ? found.target.slice(1, -1).trim() : null;
}

/** The links of the page that have `rel=license`, each as it stands in the header. */
export function licenceLinks(header: string): string[] {
  if (!/license/i.test(header)) return [];
  return linksIn(header).flatMap(({ text, relations }) => (relations.includes('license') ? [text] : []));
}

interface HeaderLink {
  text: string;
  target: string;
  /** In lower case. */
  relations: string[];
}

/** The links of a Link header that are of the page itself: those with `anchor` are not. */
function linksIn(header: string): HeaderLink[] {
  const links: HeaderLink[] = [];
  for (const text of splitOutsideQuotes(header, ',')) {
    const [target = '', ...parameters] = splitOutsideQuotes(text, ';').map((part) => part.trim());
    const named = parameters.map(
      (parameter) => /^([^\s=]+)\s*=\s*"?([^"]*)"?$/.exec(parameter)?.slice(1) ?? [],
    );
    if (named.some(([name]) => name?.toLowerCase() === 'anchor')) continue;
    const rel = named.find(([name]) => name?.toLowerCase() === 'rel')?.[1]; // only the first rel counts
    links.push({ text: text.trim(), target, relations: rel?.toLowerCase().split(/\s+/) ?? [] });
  }
  return links;
}

/** An unclosed quote or bracket extends to the end of the text, so that matching takes linear time. */
const piecesOfLink = /<[^>]*>?|"(?:\\.|[^"\\])*"?|[,;]|[^,;<"]+/gs;

/** Splits the text at the separators. A separator within quotes or angle brackets does not count. */
function splitOutsideQuotes(text: string, separator: ',' | ';'): string[] {
  const parts = [''];
  for (const [piece] of text.matchAll(piecesOfLink)) {
    if (piece === separator) parts.push('');
    else parts[parts.length - 1] += piece;
  }
  return parts;
}
