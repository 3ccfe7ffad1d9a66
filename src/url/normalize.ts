// Normalises URLs: one spelling for all URLs with which a browser would make the same request.
import { type Failure, failure } from '../errors.ts';
import { isPlainPath, isPlainQuery, isPlainRelative, isPlainUrl } from './plain.ts';
import { badPortOf } from './ports.ts';
import { queryEncoder } from './query-charset.ts';

export interface UrlRules {
  /** Relative URLs are resolved against this URL. Without it, only absolute URLs are accepted. */
  base?: string;
  /**
   * Names of query parameters to remove, spelled as in a normalised URL. A `*` at the end is a wildcard:
   * `utm_*`.
   */
  stripParams?: readonly string[];
  /** The largest length of the normalised URL, in characters. */
  maxLength?: number;
  /** Bad ports (see ports.ts) that are accepted. Without it, all are. */
  allowPort?: readonly number[];
  /** Called for each link of a page that is longer than `maxLength`. */
  onTooLong?: () => void;
}

/** The rules that the settings of a crawl ask for. */
export function urlRulesOf(settings: {
  stripParams: readonly string[];
  maxUrlLength: number;
  allowPort: readonly number[];
}): UrlRules {
  const { stripParams, maxUrlLength, allowPort } = settings;
  return { stripParams, maxLength: maxUrlLength, allowPort };
}

/**
 * The normalised form of `text`. It is parsed by the WHATWG URL standard: white space around it and line ends
 * in it are removed, the host becomes lower case and punycode, the default port and dot segments are removed.
 * Then RFC 3986 §6.2.2 applies: percent-encoding is in upper case, and unreserved characters are not encoded.
 * Fragment and empty query are removed. Query parameters keep their order and names, except those that
 * `stripParams` removes. Idempotent.
 *
 * Failures: E_URL_INVALID (also if it has a user name or password, which would appear in records and logs),
 * E_URL_SCHEME, E_URL_TOO_LONG, E_PORT.
 */
export function normalizeUrl(text: string, rules: UrlRules = {}): { url: string } | { failure: Failure } {
  const { base, stripParams = [], maxLength = Number.POSITIVE_INFINITY } = rules;
  const url = base === undefined && stripParams.length === 0 && isPlainUrl(text) ? text : spell(text, rules);
  if (typeof url !== 'string') return { failure: url };
  const port = rules.allowPort ? badPortOf(url, rules.allowPort) : null;
  if (port !== null) return { failure: failure('E_PORT', `Port ${port}.`) };
  if (url.length <= maxLength) return { url };
  return {
    failure: failure('E_URL_TOO_LONG', `It has ${url.length} characters, the limit is ${maxLength}.`),
  };
}

/**
 * A function that normalises the links of one page: it returns what `normalizeUrl` with `base` returns, or
 * null for a failure. It is fast because it does not parse plain hrefs (see plain.ts). `base` may be any URL.
 * `charset`: that of the page, a WHATWG name in lower case. The queries of its links are written in it.
 */
export function createLinkResolver(
  base: string,
  rules: UrlRules = {},
  charset = 'utf-8',
): (href: string) => string | null {
  const { stripParams = [], maxLength = Number.POSITIVE_INFINITY, onTooLong } = rules;
  const slowRules = { base, stripParams };
  const encodeQuery = queryEncoder(charset);
  const page = spell(base, { stripParams });
  const join = typeof page === 'string' ? plainJoiner(page, stripParams.length > 0) : () => null;
  return (href) => {
    const url = join(href) ?? spell(encodeQuery ? encodeQuery(href) : href, slowRules);
    if (typeof url !== 'string') return null;
    if (url.length <= maxLength) return url;
    onTooLong?.();
    return null;
  };
}

/**
 * A function that resolves a plain href against a normalised page URL. It returns null for an href that must
 * be parsed.
 */
function plainJoiner(page: string, stripping: boolean): (href: string) => string | null {
  const pathStart = page.indexOf('/', 8);
  const queryStart = page.indexOf('?', pathStart);
  const path = queryStart < 0 ? page : page.slice(0, queryStart);
  const origin = page.slice(0, pathStart);
  const directory = path.slice(0, path.lastIndexOf('/') + 1);
  return (href) => {
    if (stripping && href.includes('?')) return null;
    switch (href.charCodeAt(0)) {
      case 0x2f: // slash
        return isPlainPath(href) ? origin + href : null;
      case 0x23: // number sign
        return page;
      case 0x3f: // question mark
        return isPlainQuery(href) ? path + href : null;
      default:
        if (href.startsWith(origin)) return isPlainPath(href, origin.length) ? href : null;
        if (isPlainUrl(href)) return href;
        return isPlainRelative(href) ? directory + href : null;
    }
  };
}

function spell(text: string, { base, stripParams = [] }: UrlRules): string | Failure {
  const parsed = URL.parse(text, base);
  if (parsed === null) return failure('E_URL_INVALID', whyInvalid(text, base));
  if (parsed.protocol !== 'https:' && parsed.protocol !== 'http:') {
    const scheme = parsed.protocol.slice(0, 40);
    return failure('E_URL_SCHEME', `It begins with "${scheme}"; if that is a host, put http:// before it.`);
  }
  if (parsed.username !== '' || parsed.password !== '') {
    return failure('E_URL_INVALID', 'It has a user name or password; give an Authorization header instead.');
  }
  return withoutEmptyQuery(strip(respellTriplets(withoutFragment(parsed.href)), stripParams));
}

function whyInvalid(text: string, base: string | undefined): string {
  const hasScheme = /^[\0-\x20]*[a-z][a-z0-9+.-]*:/i.test(text);
  return hasScheme || base !== undefined
    ? 'Its host or port is not valid.'
    : 'There is no https:// before it.';
}

function withoutFragment(href: string): string {
  const hash = href.indexOf('#');
  return hash < 0 ? href : href.slice(0, hash);
}

function withoutEmptyQuery(href: string): string {
  return href.endsWith('?') && href.indexOf('?') === href.length - 1 ? href.slice(0, -1) : href;
}

const unreserved = /[A-Za-z0-9._~-]/; // RFC 3986 §2.3

function respellTriplets(href: string): string {
  if (!href.includes('%')) return href;
  return href.replace(/%[0-9A-Fa-f]{2}/g, (triplet, offset: number) => {
    const character = String.fromCharCode(Number.parseInt(triplet.slice(1), 16));
    return unreserved.test(character) && !followsLonePercent(href, offset)
      ? character
      : triplet.toUpperCase();
  });
}

/**
 * Whether the triplet at `offset` follows a lone `%` or `%4`. Decoding it could then make a new triplet
 * (`%%34%31` would become `%41`). That would be another URL, which would change again when normalised again.
 */
function followsLonePercent(href: string, offset: number): boolean {
  return href[offset - 1] === '%' || (href[offset - 2] === '%' && /[0-9A-Fa-f]/.test(href[offset - 1] ?? ''));
}

function strip(href: string, names: readonly string[]): string {
  const mark = href.indexOf('?');
  if (names.length === 0 || mark < 0) return href;
  const pairs = href.slice(mark + 1).split('&');
  const kept = pairs.filter((pair) => !names.some((name) => isNamed(pair, name)));
  return `${href.slice(0, mark)}?${kept.join('&')}`;
}

function isNamed(pair: string, name: string): boolean {
  const equals = pair.indexOf('=');
  const own = equals < 0 ? pair : pair.slice(0, equals);
  return name.endsWith('*') ? own.startsWith(name.slice(0, -1)) : own === name;
}
