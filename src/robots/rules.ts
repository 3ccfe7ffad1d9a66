// The rules of one robots.txt for one crawler, by RFC 9309. Where the RFC says nothing, the rules of Google's
// published parser apply.
import { headerText } from '../fetch/headers.ts';
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
 * Parses a robots.txt, its bytes or its text. Paths are compared octet by octet, so bytes are not decoded:
 * `/caf\xe9` matches `/caf%E9`, and `/caf\xc3\xa9` matches `/caf%C3%A9`. What is shown to people is decoded:
 * as UTF-8 if it is that, else as Latin-1. `productToken` is the crawler's name ("drover"); a version after
 * it, as in "drover/1.0", is ignored. Lines that cannot be parsed are ignored. Of a file of 500 KiB or more,
 * the complete lines within the first 500 KiB count. Never throws.
 */
export function parseRobots(file: Uint8Array | string, productToken: string): RobotsRules {
  const octets = withinLimit(typeof file === 'string' ? Buffer.from(file) : file).toString('latin1');
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

  for (const { key, value, raw, line } of linesOf(octets)) {
    if (key === 'sitemap') {
      if (value !== '') sitemaps.add(headerText(value));
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
      const rule = { ...compilePattern(value), allow: key === 'allow', text: headerText(raw), line };
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
  // The rules are parts of the file, so the whole file stays in memory with them.
  return rulesOf({ group, policy, name, sitemaps: [...sitemaps], fileBytes: octets.length });

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
  fileBytes: number;
}

function rulesOf({ group, policy, name, sitemaps, fileBytes }: RulesParts): RobotsRules {
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
    bytes: fileBytes + (group.rules.length + policy.rules.length + usageLines) * bytesPerRule,
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
function* linesOf(octets: string): Generator<RobotsLine> {
  let line = 0;
  for (const whole of octets
    .replace(/^\xef\xbb?(?!\xbb|\xbf)/, '') // a part of a byte order mark
    .split(/\r\n|\n|\r/)) {
    line++;
    const content = whole.startsWith(byteOrderMark) ? whole.slice(byteOrderMark.length) : whole;
    const comment = content.indexOf('#');
    const raw = trimmed(comment < 0 ? content : content.slice(0, comment));
    if (raw === '') continue;
    const [, name = '', value = ''] = /^([^:]*):(.*)$/s.exec(raw) ?? withoutColon.exec(raw) ?? [];
    const word = trimmed(name).toLowerCase();
    const key = Object.hasOwn(keys, word) ? keys[word] : undefined;
    if (key) yield { key, value: trimmed(value), raw, line };
  }
}

/** In UTF-8. Files that were joined have one in the middle too. */
const byteOrderMark = '\xef\xbb\xbf';
const withoutColon = /^([^\t\v\f ]+)[\t\v\f ]+([^\t\v\f ]+)$/;

/**
 * Without the white space of ASCII around it. `trim` would also take the octet A0, the last one of "à".
 */
function trimmed(octets: string): string {
  const isSpace = (at: number) => at >= 0 && at < octets.length && ' \t\v\f'.includes(octets[at] as string);
  let [start, end] = [0, octets.length];
  while (isSpace(start)) start++;
  while (end > start && isSpace(end - 1)) end--;
  return octets.slice(start, end);
}

/** The complete lines within the first 500 KiB. A file that was cut there has an incomplete last line. */
export function withinLimit(file: Uint8Array): Buffer {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  if (bytes.length < maxBytes) return bytes;
  return bytes.subarray(0, Math.max(lastOf(bytes, 0x0a), lastOf(bytes, 0x0d)) + 1);
}

/** Where the byte is for the last time, at or directly after the limit: a line may end there. */
function lastOf(bytes: Buffer, byte: number): number {
  return bytes.lastIndexOf(byte, maxBytes);
}

/** The name in a value such as "Foo/1.0 (x)", in lower case. Names are compared as a whole (§2.2.1). */
function tokenOf(value: string): string {
  return value.split(/[\t\v\f /*;,(]/, 1)[0]?.toLowerCase() ?? '';
}

function isEveryone(value: string): boolean {
  return /^\*(?:[\t\v\f ]|$)/.test(value);
}

function longer(delayMs: number | null, value: string): number | null {
  if (!/^(?:\d+(?:\.\d*)?|\.\d+)$/.test(value)) return delayMs;
  const given = Math.round(Number(value) * 1000);
  return Number.isSafeInteger(given) ? Math.max(delayMs ?? 0, given) : delayMs;
}
