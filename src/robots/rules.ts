// The rules of one robots.txt for one crawler, by RFC 9309. Where the RFC says nothing, the rules of Google's
// published parser apply.
import type { ReadStatement } from '../usage/statement.ts';
import { deciderOf, noRule, type PathRule, type RobotsDecision } from './decide.ts';
import { type ComparablePath, comparablePath, compilePattern } from './pattern.ts';
import {
  addUsageLine,
  noUsageLines,
  POLICY_TOKEN,
  type UsageKey,
  type UsageLines,
  usageDeciderOf,
} from './usage.ts';

export interface RobotsRules {
  /**
   * Whether a normalised URL is allowed. `rule` is the line that decides, as written, and `line` its number,
   * counted from 1; both are null if no line matches.
   */
  allows(url: string): RobotsDecision;
  /** What the file says about the use of a normalised URL that is allowed, in the order of the kinds. */
  usage(url: string): readonly ReadStatement[];
  /**
   * The name of the groups that apply: the crawler's own name in lower case or '*'; null if there are none.
   */
  group: string | null;
  /** The longest Crawl-delay of the groups that apply; null if they have none. */
  crawlDelayMs: number | null;
  /** The values of all Sitemap lines as written, each once. They may be relative URLs. */
  sitemaps: string[];
  /** An estimate of the memory that the rules take. A hostile file may take 25 times its length. */
  bytes: number;
}

/** The part of a file that is read (RFC 9309 §2.5). */
const maxBytes = 500 * 1024;
/** The length of a byte order mark. */
const markBytes = 3;
const bytesPerRule = 300;
interface Group {
  isThere: boolean;
  rules: PathRule[];
  crawlDelayMs: number | null;
  usage: UsageLines;
}

const newGroup = (): Group => ({ isThere: false, rules: [], crawlDelayMs: null, usage: noUsageLines() });

type LineKey = 'agent' | 'allow' | 'disallow' | 'delay' | 'sitemap' | UsageKey;

/** What each key of a line means. The misspellings are those that Google's parser accepts. */
const keys: Record<string, LineKey> = {
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
  ...{ 'content-usage': 'content-usage', 'content-signal': 'content-signal', license: 'license' },
};

/**
 * Parses a robots.txt. `productToken` is the crawler's name ("drover"); a version after it, as in
 * "drover/1.0", is ignored. Lines that cannot be parsed are ignored. Of a text of 500 KiB or more, the
 * complete lines within the first 500 KiB count. Never throws.
 */
export function parseRobots(text: string, productToken: string): RobotsRules {
  const token = tokenOf(productToken);
  const named = newGroup();
  const general = newGroup();
  const policy = newGroup();
  /** License lines before the first group. */
  const shared = newGroup();
  const sitemaps = new Set<string>();
  let current = new Set<Group>();
  /** The groups of the user agents directly above. */
  let above = new Set<Group>([shared]);
  let last: 'agent' | 'rule' | 'other' = 'rule';

  for (const { key, value, raw, line } of linesOf(text)) {
    if (key === 'sitemap') {
      if (value !== '') sitemaps.add(value);
    } else if (key === 'agent') {
      if (last === 'rule') current = new Set();
      // Lines of other kinds must not end a group (§2.2.4), so its rules go on after a delay. A delay applies
      // only to the user agents directly above it, and so does what is said of usage.
      if (last !== 'agent') above = new Set();
      last = 'agent';
      const group = isEveryone(value) ? general : groupNamed(tokenOf(value));
      if (group) {
        current.add(group);
        above.add(group);
        group.isThere = true;
      }
    } else if (key === 'allow' || key === 'disallow') {
      last = 'rule';
      if (value === '') continue; // an empty pattern matches no path
      const rule = { ...compilePattern(value), allow: key === 'allow', text: raw, line };
      for (const group of current) group.rules.push(rule);
    } else {
      if (last === 'agent') last = 'other';
      for (const group of above) {
        if (key === 'delay') group.crawlDelayMs = longer(group.crawlDelayMs, value);
        else addUsageLine(group.usage, key, value, line);
      }
    }
  }
  const group = named.isThere ? named : general;
  if (group.usage.license.length === 0) group.usage.license = shared.usage.license;
  const name = named.isThere ? token : general.isThere ? '*' : null;
  // The rules are parts of the text, so the whole text stays in memory with them.
  return rulesOf({ group, policy, name, sitemaps: [...sitemaps], textBytes: 2 * text.length });

  function groupNamed(agent: string): Group | null {
    if (agent === POLICY_TOKEN) return policy;
    return agent === token && token !== '' ? named : null;
  }
}

interface RulesParts {
  group: Group;
  policy: Group;
  name: string | null;
  sitemaps: string[];
  textBytes: number;
}

function rulesOf({ group, policy, name, sitemaps, textBytes }: RulesParts): RobotsRules {
  const decide = deciderOf(group.rules);
  const usageLines = Object.values(group.usage).flat().length;
  const usageOn = usageDeciderOf(group.usage, policy.rules);
  return {
    allows(url) {
      if (group.rules.length === 0) return noRule;
      const path = pathOf(url);
      return path.plain === '/robots.txt' ? noRule : decide(path);
    },
    usage: (url) => (usageOn ? usageOn(pathOf(url)) : noUsage),
    group: name,
    crawlDelayMs: group.crawlDelayMs,
    sitemaps,
    bytes: textBytes + (group.rules.length + policy.rules.length + usageLines) * bytesPerRule,
  };
}

const noUsage: readonly ReadStatement[] = Object.freeze([]);

/** The path and query of a URL, without its fragment. */
function pathOf(url: string): ComparablePath {
  const authority = url.indexOf('//') + 2;
  const rest = url.slice(authority).search(/[/?#]/);
  if (rest < 0) return comparablePath('/');
  const hash = url.indexOf('#', authority);
  const path = url.slice(authority + rest, hash < 0 ? undefined : hash);
  return comparablePath(path.startsWith('/') ? path : `/${path}`);
}

interface RobotsLine {
  key: LineKey;
  value: string;
  /** The line without its comment and the white space around it. */
  raw: string;
  /** The number of the line, counted from 1. */
  line: number;
}

/**
 * The lines with a known key. The colon may be missing if one word follows the key ("disallow /"), as in
 * Google's parser.
 */
function* linesOf(text: string): Generator<RobotsLine> {
  let line = 0;
  for (const whole of withinLimit(text)
    .replace(/^[\ufeff\ufffd]/, '') // a byte order mark or a part of one
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
 * The complete lines within the first 500 KiB of a text. The text may already have been cut there, so its
 * last line may be incomplete. Bytes that were no UTF-8 have become U+FFFD, which has three octets; each
 * counts as one octet here. The text may also have had a byte order mark.
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

/**
 * The least octets of a UTF-16 code unit in UTF-8. Each half of a surrogate pair counts as two of the four
 * octets.
 */
function leastOctets(code: number): number {
  if (code < 0x80 || code === 0xfffd) return 1;
  return code < 0x800 || (code >= 0xd800 && code < 0xe000) ? 2 : 3;
}

/** The name in a value such as "Foo/1.0 (x)", in lower case. Names are compared as a whole (§2.2.1). */
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
