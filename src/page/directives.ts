// Reads what the headers of an answer say about links and indexing: X-Robots-Tag and Link.

export interface HeaderDirectives {
  nofollow: boolean;
  noindex: boolean;
  /** The links as written. The caller resolves them against the URL of the answer. */
  links: string[];
}

export interface RobotsDirectives {
  nofollow: boolean;
  noindex: boolean;
}

/**
 * Reads the directives in the headers of an answer. Header names are in lower case; several values of one
 * name are joined by ", ". Directives that are addressed to a robot by its name are ignored.
 */
export function readHeaderDirectives(headers: Record<string, string>): HeaderDirectives {
  const tag = headers['x-robots-tag'];
  const link = headers.link;
  const robots = tag === undefined ? { nofollow: false, noindex: false } : readDirectives(forEveryRobot(tag));
  return { ...robots, links: link === undefined ? [] : followedTargets(link) };
}

/** Reads the directives of a meta tag or a header, for example `noindex, nofollow`. */
export function readDirectives(text: string): RobotsDirectives {
  const words = text.toLowerCase().split(/[\s,]+/);
  const none = words.includes('none');
  return { nofollow: none || words.includes('nofollow'), noindex: none || words.includes('noindex') };
}

/** Directives with a value. They have a colon after their name, as the name of a robot has. */
const valued = /^(?:unavailable_after|max-snippet|max-image-preview|max-video-preview)$/i;

/**
 * The directives that are meant for every robot. In `googlebot: nofollow, noindex, *: nosnippet`, a robot's
 * name applies to all directives up to the next name.
 */
function forEveryRobot(tag: string): string {
  let isForEvery = true;
  const kept = tag.split(',').filter((part) => {
    const name = /^\s*([a-z*][^\s:=]*)\s*:/i.exec(part)?.[1];
    if (name !== undefined && !valued.test(name)) isForEvery = name === '*' || /^robots$/i.test(name);
    return isForEvery;
  });
  return kept.map((part) => part.replace(/^\s*(?:\*|robots)\s*:/i, '')).join(',');
}

/**
 * The targets of `rel=next` and `rel=canonical` (RFC 8288). Links with `anchor` are left out: they belong to
 * another page.
 */
function followedTargets(header: string): string[] {
  const targets: string[] = [];
  for (const link of splitOutsideQuotes(header, ',')) {
    const [target = '', ...parameters] = splitOutsideQuotes(link, ';').map((part) => part.trim());
    const named = parameters.map(
      (parameter) => /^([^\s=]+)\s*=\s*"?([^"]*)"?$/.exec(parameter)?.slice(1) ?? [],
    );
    const rel = named.find(([name]) => name?.toLowerCase() === 'rel')?.[1]; // only the first rel counts
    const hasAnchor = named.some(([name]) => name?.toLowerCase() === 'anchor');
    const isFollowed = rel
      ?.toLowerCase()
      .split(/\s+/)
      .some((name) => name === 'next' || name === 'canonical');
    if (isFollowed && !hasAnchor && /^<[^>]*>$/.test(target)) targets.push(target.slice(1, -1).trim());
  }
  return targets;
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
