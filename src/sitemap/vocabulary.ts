// The vocabularies of XML in which a sitemap may be written: its own, RSS and Atom; which elements hold entries, URLs and dates.
// Source: https://www.sitemaps.org/protocol.html ("Other Sitemap formats").

export interface Vocabulary {
  kind: 'urlset' | 'index' | 'rss' | 'atom';
  /** Names are local ones in lower case. */
  entry: string;
  url: string;
  /** The URL is the attribute href, not the text. */
  hasHref: boolean;
  /** The first that is there counts. */
  dates: readonly string[];
  /** Elements that hold nothing but text, so that the start of another is their end. */
  leaves: readonly string[];
  /** Of the namespace by its URI, whatever the prefix; not of its extensions. */
  namespace: RegExp;
}

/** Protocol: https://www.sitemaps.org/protocol.html */
const sitemap = {
  url: 'loc',
  hasHref: false,
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
  dates: ['pubdate', 'date'],
  leaves: [],
  namespace: /\/\/purl\.org\/rss\/1\.0\/?$|\/rdf\/simple\/0\.9\/?$/i,
};
/** RFC 4287, and Atom 0.3, which says "modified". */
const atom: Vocabulary = {
  kind: 'atom',
  entry: 'entry',
  url: 'link',
  hasHref: true,
  dates: ['updated', 'modified'],
  leaves: [],
  namespace: /\/2005\/atom$|\/\/purl\.org\/atom\/ns#?$/i,
};

/** By the local name of the root element, in lower case. */
export const vocabularies = new Map<string, Vocabulary>([
  ['urlset', { kind: 'urlset', entry: 'url', ...sitemap }],
  ['sitemapindex', { kind: 'index', entry: 'sitemap', ...sitemap }],
  ['rss', rss],
  ['rdf', rss],
  ['feed', atom],
]);

const longestDate = 64;

/** RFC 822 with years of four digits too; the name of the day does not matter. */
const feedDate =
  /^(?:[a-z]{3,9}[.,]*\s+)?\d{1,2}[\s-]+[a-z]{3,9}\.?[\s-]+(?:\d{2}|\d{4})\s+\d{1,2}:\d{2}(?::\d{2})?(\s+(?:[a-z]{1,5}|[+-]\d{2}:?\d{2}))?$/i;

/**
 * A date as it stands; one as RSS has it is turned into ISO 8601 in UTC, for which it is taken if it names no zone. Null if it is
 * empty or longer than 64 characters.
 */
export function dateOf(text: string | null, isFeed: boolean): string | null {
  if (!text || text.length > longestDate) return null;
  const match = isFeed ? feedDate.exec(text) : null;
  const time = match ? Date.parse(match[1] ? text : `${text} GMT`) : Number.NaN;
  return Number.isNaN(time) ? text : new Date(time).toISOString().replace('.000Z', 'Z');
}
