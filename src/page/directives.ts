// What the header of an answer says of links and robots: X-Robots-Tag and Link.

export interface HeaderDirectives {
  nofollow: boolean;
  noindex: boolean;
  /** As they stand, to be resolved against the URL of the answer. */
  links: string[];
}

export interface RobotsDirectives {
  nofollow: boolean;
  noindex: boolean;
}

/** Names in lower case, several values of one name joined by ", ". Directives for one robot by name are not for this one. */
export function readHeaderDirectives(headers: Record<string, string>): HeaderDirectives {
  const tag = headers['x-robots-tag'];
  const link = headers.link;
  const robots = tag === undefined ? { nofollow: false, noindex: false } : readDirectives(forEveryRobot(tag));
  return { ...robots, links: link === undefined ? [] : followedTargets(link) };
}

/** `noindex, nofollow` of a meta tag or a header. */
export function readDirectives(text: string): RobotsDirectives {
  const words = text.toLowerCase().split(/[\s,]+/);
  const none = words.includes('none');
  return { nofollow: none || words.includes('nofollow'), noindex: none || words.includes('noindex') };
}

/** Directives that have a value, and so a colon as the name of a robot has. */
const valued = /^(?:unavailable_after|max-snippet|max-image-preview|max-video-preview)$/i;

/** `googlebot: nofollow, noindex, *: nosnippet`: a robot's name holds up to the next name. */
function forEveryRobot(tag: string): string {
  let isForEvery = true;
  const kept = tag.split(',').filter((part) => {
    const name = /^\s*([a-z*][^\s:=]*)\s*:/i.exec(part)?.[1];
    if (name !== undefined && !valued.test(name)) isForEvery = name === '*' || /^robots$/i.test(name);
    return isForEvery;
  });
  return kept.map((part) => part.replace(/^\s*(?:\*|robots)\s*:/i, '')).join(',');
}

/** The targets of `rel=next` and `rel=canonical` (RFC 8288), those of another context (`anchor`) excepted. */
function followedTargets(header: string): string[] {
  const targets: string[] = [];
  for (const link of splitOutsideQuotes(header, ',')) {
    const [target = '', ...parameters] = splitOutsideQuotes(link, ';').map((part) => part.trim());
    const named = parameters.map(
      (parameter) => /^([^\s=]+)\s*=\s*"?([^"]*)"?$/.exec(parameter)?.slice(1) ?? [],
    );
    const rel = named.find(([name]) => name?.toLowerCase() === 'rel')?.[1]; // of two, the first counts
    const hasAnchor = named.some(([name]) => name?.toLowerCase() === 'anchor');
    const isFollowed = rel
      ?.toLowerCase()
      .split(/\s+/)
      .some((name) => name === 'next' || name === 'canonical');
    if (isFollowed && !hasAnchor && /^<[^>]*>$/.test(target)) targets.push(target.slice(1, -1).trim());
  }
  return targets;
}

/** Quotes and brackets that are not closed reach to the end: so it takes linear time. */
const piecesOfLink = /<[^>]*>?|"(?:\\.|[^"\\])*"?|[,;]|[^,;<"]+/gs;

/** The parts between separators; what stands in quotes or angle brackets separates nothing. */
function splitOutsideQuotes(text: string, separator: ',' | ';'): string[] {
  const parts = [''];
  for (const [piece] of text.matchAll(piecesOfLink)) {
    if (piece === separator) parts.push('');
    else parts[parts.length - 1] += piece;
  }
  return parts;
}
