// The rules of one robots.txt for one crawler, by RFC 9309; where that is silent, as Google's published parser reads it.
import {
  type ComparablePath,
  comparablePath,
  compilePattern,
  matches,
  matchesRoughly,
  type Pattern,
} from './pattern.ts';

export interface RobotsRules {
  /** `url` is normalised. `rule` and `line` (from 1): the line that decided, as written; null if none matches. */
  allows(url: string): { allowed: boolean; rule: string | null; line: number | null };
  /** Whose groups are obeyed: those that name the crawler, in lower case, or '*'; null where there is neither. */
  group: string | null;
  /** The longest Crawl-delay of the groups that are obeyed. */
  crawlDelayMs: number | null;
  /** Values of all Sitemap lines as written (perhaps relative), each once. */
  sitemaps: string[];
  /** Roughly what all this takes in memory, which for a hostile file is some 25 times its length. */
  bytes: number;
}

/** RFC 9309 §2.5. */
const maxBytes = 500 * 1024;
const markBytes = 3;
const bytesPerRule = 300;
/** Octets of patterns with wildcards times octets of a path, at up to a nanosecond each: what one URL may cost. */
const mostSteps = 50_000_000;

interface Rule extends Pattern {
  allow: boolean;
  text: string;
  line: number;
}

interface Group {
  isThere: boolean;
  rules: Rule[];
  crawlDelayMs: number | null;
}

/** A key as written to what is meant; the misspellings are those that Google's parser takes. */
const keys: Record<string, 'agent' | 'allow' | 'disallow' | 'delay' | 'sitemap'> = {
  ...{ 'user-agent': 'agent', useragent: 'agent', 'user agent': 'agent' },
  ...{
    allow: 'allow',
    disallow: 'disallow',
    dissallow: 'disallow',
    dissalow: 'disallow',
    disalow: 'disallow',
  },
  ...{ diasllow: 'disallow', disallaw: 'disallow' },
  ...{ 'crawl-delay': 'delay', sitemap: 'sitemap', 'site-map': 'sitemap' },
};

/**
 * `productToken` is the crawler's name ("drover"; what follows a token, as in "drover/1.0", is passed over). What cannot be
 * parsed is passed over; of a text of 500 KiB or more the whole lines within the first 500 KiB count. Never throws.
 */
export function parseRobots(text: string, productToken: string): RobotsRules {
  const token = tokenOf(productToken);
  const named: Group = { isThere: false, rules: [], crawlDelayMs: null };
  const general: Group = { isThere: false, rules: [], crawlDelayMs: null };
  const sitemaps = new Set<string>();
  let current = new Set<Group>();
  let delayed = new Set<Group>();
  let last: 'agent' | 'rule' | 'delay' = 'rule';

  for (const { key, value, raw, line } of linesOf(text)) {
    if (key === 'sitemap') {
      if (value !== '') sitemaps.add(value);
    } else if (key === 'agent') {
      if (last === 'rule') current = new Set();
      // Another record must not end a group (§2.2.4), so the rules go on; a delay is that of the lines just above it.
      if (last !== 'agent') delayed = new Set();
      last = 'agent';
      const group = isEveryone(value) ? general : tokenOf(value) === token && token !== '' ? named : null;
      if (group) {
        current.add(group);
        delayed.add(group);
        group.isThere = true;
      }
    } else if (key === 'delay') {
      if (last === 'agent') last = 'delay';
      for (const group of delayed) group.crawlDelayMs = longer(group.crawlDelayMs, value);
    } else {
      last = 'rule';
      if (value === '') continue; // matches nothing
      const rule = { ...compilePattern(value), allow: key === 'allow', text: raw, line };
      for (const group of current) group.rules.push(rule);
    }
  }
  // The rules are cut out of the text, which therefore stays in memory with them.
  const name = named.isThere ? token : general.isThere ? '*' : null;
  return rulesOf(named.isThere ? named : general, name, [...sitemaps], 2 * text.length);
}

/** The most octets win, and allow before disallow (§2.2.2): sorted so, the first that matches decides. */
function rulesOf(group: Group, name: string | null, sitemaps: string[], textBytes: number): RobotsRules {
  const rules = group.rules.sort((a, b) => b.octets - a.octets || Number(b.allow) - Number(a.allow));
  const octets = rules.reduce((sum, rule) => sum + (rule.literals.length > 1 ? rule.octets : 0), 0);
  return {
    allows(url) {
      if (rules.length === 0) return noRule;
      const path = pathOf(url);
      if (path.plain === '/robots.txt') return noRule;
      const decides = octets * path.plain.length <= mostSteps ? matches : decidesRoughly;
      const rule = rules.find((candidate) => decides(candidate, path));
      return rule ? { allowed: rule.allow, rule: rule.text, line: rule.line } : noRule;
    },
    group: name,
    crawlDelayMs: group.crawlDelayMs,
    sitemaps,
    bytes: textBytes + rules.length * bytesPerRule,
  };
}

/** For thousands of wildcards on a long path, which would hold up the process: a disallow may refuse too much, an allow too little. */
function decidesRoughly(rule: Rule, path: ComparablePath): boolean {
  if (rule.literals.length === 1) return matches(rule, path);
  return !rule.allow && matchesRoughly(rule, path);
}

const noRule = Object.freeze({ allowed: true, rule: null, line: null });

/** Path and query of a URL, its fragment left out. */
function pathOf(url: string): ComparablePath {
  const authority = url.indexOf('//') + 2;
  const rest = url.slice(authority).search(/[/?#]/);
  if (rest < 0) return comparablePath('/');
  const hash = url.indexOf('#', authority);
  const path = url.slice(authority + rest, hash < 0 ? undefined : hash);
  return comparablePath(path.startsWith('/') ? path : `/${path}`);
}

interface Line {
  key: 'agent' | 'allow' | 'disallow' | 'delay' | 'sitemap';
  value: string;
  /** Without comment and surrounding white space. */
  raw: string;
  /** From 1. */
  line: number;
}

/** The lines with a known key. A missing colon is forgiven where one word follows the key ("disallow /"), as Google does. */
function* linesOf(text: string): Generator<Line> {
  let line = 0;
  for (const whole of withinLimit(text)
    .replace(/^[\ufeff\ufffd]/, '') // a byte order mark, or the first bytes of one
    .split(/\r\n|\n|\r/)) {
    line++;
    const comment = whole.indexOf('#');
    const raw = (comment < 0 ? whole : whole.slice(0, comment)).trim();
    if (raw === '') continue;
    const [, name = '', value = ''] = /^([^:]*):(.*)$/s.exec(raw) ?? /^(\S+)\s+(\S+)$/.exec(raw) ?? [];
    const key = Object.hasOwn(keys, name.trim().toLowerCase()) ? keys[name.trim().toLowerCase()] : undefined;
    if (key) yield { key, value: value.trim(), raw, line };
  }
}

/**
 * The whole lines within the first 500 KiB, of a text whose octets were cut off there or not: then the last line may be half of one. What
 * was no UTF-8 stands as U+FFFD here, with three octets for perhaps one, so it counts as one; a byte order mark may have been there.
 */
export function withinLimit(text: string): string {
  if (text.length * 3 + markBytes < maxBytes || Buffer.byteLength(text) + markBytes < maxBytes) return text;
  let end = 0;
  for (let octets = 0; end < text.length; end++) {
    octets += leastOctets(text.charCodeAt(end));
    if (octets > maxBytes) break;
  }
  return text.slice(0, Math.max(text.lastIndexOf('\n', end), text.lastIndexOf('\r', end)) + 1);
}

/** Of a UTF-16 code unit; half of a pair stands for two of the four octets. */
function leastOctets(code: number): number {
  if (code < 0x80 || code === 0xfffd) return 1;
  return code < 0x800 || (code >= 0xd800 && code < 0xe000) ? 2 : 3;
}

/** The name in "Foo/1.0 (x)", in lower case; compared as a whole (§2.2.1). */
function tokenOf(value: string): string {
  return value.split(/[\s/*;,(]/, 1)[0]?.toLowerCase() ?? '';
}

function isEveryone(value: string): boolean {
  return /^\*(?:\s|$)/.test(value);
}

function longer(delayMs: number | null, value: string): number | null {
  if (!/^(?:\d+(?:\.\d*)?|\.\d+)$/.test(value)) return delayMs;
  const given = Math.round(Number(value) * 1000);
  return Number.isSafeInteger(given) ? Math.max(delayMs ?? 0, given) : delayMs;
}
