// The XML vocabularies of sitemaps: that of sitemaps.org, RSS and Atom. They say which elements contain
// entries, URLs and dates. Source: https://www.sitemaps.org/protocol.html ("Other Sitemap formats").

export interface Vocabulary {
  kind: 'urlset' | 'index' | 'rss' | 'atom';
  /** The element of an entry. This and the names below are local names in lower case. */
  entry: string;
  /** The element of the URL. */
  url: string;
  /** Whether the URL is the attribute href instead of the text. */
  hasHref: boolean;
  /**
   * What gives the URL of an entry without that element, null if nothing does: an element with a URL as its
   * text, an attribute of another element, an attribute of the entry itself.
   */
  otherwise: { text: string } | { element: string; attribute: string } | null;
  /** The attribute of the entry that gives its URL if nothing else does. */
  ownAttribute: string | null;
  /** The elements of the date. The first that an entry has counts. */
  dates: readonly string[];
  /** Elements that contain only text. If such an element is not closed, the next one ends it. */
  leaves: readonly string[];
  /** Matches the URI of the vocabulary's namespace, but not those of its extensions. */
  namespace: RegExp;
}

/** Protocol: https://www.sitemaps.org/protocol.html */
const sitemap = {
  url: 'loc',
  hasHref: false,
  otherwise: null,
  ownAttribute: null,
  dates: ['lastmod'],
  leaves: ['loc', 'lastmod', 'changefreq', 'priority'],
  namespace: /\/schemas\/sitemap\/[\d.]+\/?$/i,
};
/** https://www.rssboard.org/rss-specification, https://validator.w3.org/feed/docs/rss1.html */
const rss: Vocabulary = {
  kind: 'rss',
  entry: 'item',
  url: 'link',
  hasHref: false,
  // A guid is a permalink unless it says otherwise (RSS 2.0); rdf:about names the item's URL (RSS 1.0).
  otherwise: { text: 'guid' },
  ownAttribute: 'rdf:about',
  dates: ['pubdate', 'date'],
  leaves: [],
  namespace: /\/\/purl\.org\/rss\/1\.0\/?$|\/rdf\/simple\/0\.9\/?$/i,
};
/** RFC 4287 and Atom 0.3, whose date is named "modified". */
const atom: Vocabulary = {
  kind: 'atom',
  entry: 'entry',
  url: 'link',
  hasHref: true,
  // The content of an entry without an alternate link may lie elsewhere (RFC 4287 section 4.1.3.2).
  otherwise: { element: 'content', attribute: 'src' },
  ownAttribute: null,
  dates: ['updated', 'modified'],
  leaves: [],
  namespace: /\/2005\/atom$|\/\/purl\.org\/atom\/ns#?$/i,
};

/** The vocabularies by the local name of the root element, in lower case. */
export const vocabularies = new Map<string, Vocabulary>([
  ['urlset', { kind: 'urlset', entry: 'url', ...sitemap }],
  ['sitemapindex', { kind: 'index', entry: 'sitemap', ...sitemap }],
  ['rss', rss],
  ['rdf', rss],
  ['feed', atom],
]);

const longestDate = 64;

/** A date of RFC 822, also with a year of four digits. The name of the day may be any word. */
const feedDate =
  /^(?:[a-z]{3,9}[.,]*\s+)?\d{1,2}[\s-]+[a-z]{3,9}\.?[\s-]+(?:\d{2}|\d{4})\s+\d{1,2}:\d{2}(?::\d{2})?(\s+(?:[a-z]{1,5}|[+-]\d{2}:?\d{2}))?$/i;

/**
 * The date of an entry. If `isFeed`, a date in the format of RSS is converted to ISO 8601 in UTC; a date
 * without a zone is taken to be in UTC. Any other date is returned as it is. Null if the text is empty or
 * longer than 64 characters.
 */
export function dateOf(text: string | null, isFeed: boolean): string | null {
  if (!text || text.length > longestDate) return null;
  const match = isFeed ? feedDate.exec(text) : null;
  const time = match ? Date.parse(match[1] ? text : `${text} GMT`) : Number.NaN;
  return Number.isNaN(time) ? text : new Date(time).toISOString().replace('.000Z', 'Z');
}
