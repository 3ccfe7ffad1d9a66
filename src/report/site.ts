// What the first reading of a crawl's records finds: the pages with their fingerprints, and the URLs to which
// a link is worth a line in the report.
import { hash } from 'node:crypto';
import type { CrawlRecord } from '../record.ts';
import { hostPortOf } from '../url/host.ts';
import type { UrlRules } from '../url/normalize.ts';
import { everyKind, type Finding, type FindingsByKind, type Thresholds } from './kinds.ts';
import { readPageBody } from './page-body.ts';
import { simhash, type TextPrint } from './simhash.ts';
import { isBroken, isCheck, isPage, mayBeSitemap } from './verdict.ts';

/** A URL that is broken, redirects, or leads out of the site. `from`: numbers of pages that link to it. */
export interface LinkTarget {
  findings: Finding[];
  broken: boolean;
  finalUrl: string | null;
  from: number[];
  referrer: string | null;
  /** Another page links to it. */
  isLinked: boolean;
}

/** A page by its URL after redirects. There is one for each page of the site, so its texts are kept once. */
export interface SitePage {
  /** Its place among the pages of the site itself; -1 for other pages. */
  number: number;
  url: string;
  /** Its own request found it, and no redirect to it. */
  isDirect: boolean;
  /** 52 bits of a hash; 0 for no title. */
  title: number;
  /** 52 bits of the SHA-256 of its body; 0 if that was not kept. */
  digest: number;
  print: TextPrint | null;
  /** It asks not to be indexed: its title and canonical matter to nobody. */
  noindex: boolean;
  hasBody: boolean;
  canonical: string | null;
  firstByteMs: number;
  bytes: number;
  insecure: string[] | null;
  /** The sitemap that lists it, where that made its request. */
  sitemap: string | null;
  /** What the second reading has found: another page links to it, and its record came. */
  isLinked: boolean;
  isRead: boolean;
}

export interface Site {
  records: number;
  pages: Map<string, SitePage>;
  targets: Map<string, LinkTarget>;
  /** Records that may be sitemaps, by their URL. */
  sitemaps: Map<string, string>;
  findings: FindingsByKind;
}

export function emptySite(): Site {
  const findings = Object.fromEntries(everyKind.map((kind) => [kind, [] as Finding[]])) as FindingsByKind;
  return { records: 0, pages: new Map(), targets: new Map(), sitemaps: new Map(), findings };
}

/** Takes one record of the first reading. */
export function takeRecord(site: Site, record: CrawlRecord, rules: UrlRules, thresholds: Thresholds): void {
  site.records++;
  const check = isCheck(record);
  if (!check && mayBeSitemap(record)) site.sitemaps.set(record.url, record.url);
  takeTarget(site, record, check);
  if (isPage(record)) takePage(site, record, rules, thresholds);
}

function takeTarget({ targets, findings }: Site, record: CrawlRecord, check: boolean): void {
  const { url, finalUrl, status, error } = record;
  const broken = isBroken(record);
  const redirects = finalUrl !== null && (record.redirects?.length ?? Number(finalUrl !== url)) > 0;
  if (!broken && !redirects && !check) return;
  const known = targets.get(url);
  // The page itself goes before a check of it.
  if (known && check) return;
  if (known) for (const kind of everyKind) findings[kind] = findings[kind].filter((one) => one.url !== url);
  const made: Finding[] = [];
  const add = (kind: 'brokenLinks' | 'redirects' | 'external', finding: Finding) => {
    findings[kind].push(finding);
    made.push(finding);
  };
  const shown = { url, status, code: error?.code ?? null };
  if (broken) add('brokenLinks', { ...shown, finalUrl, external: check, from: [] });
  if (check) add('external', { ...shown, finalUrl, broken, from: [] });
  else if (redirects) {
    const hops = hopsOf(record);
    add('redirects', {
      ...shown,
      finalUrl,
      type: typeOf(hops.loops, hops.list.length),
      hops: hops.list,
      from: [],
    });
  }
  const { referrer } = record;
  targets.set(url, { findings: made, broken, finalUrl, from: [], referrer, isLinked: false });
}

/** The hops up to the first that comes again. Records of older versions have none, but the first is known. */
function hopsOf({ url, finalUrl, redirects }: CrawlRecord) {
  const all = redirects ?? [{ url, status: 0 }];
  const seen = new Set<string>();
  const end = all.findIndex((hop) => seen.size === seen.add(hop.url).size);
  const list = end < 0 ? all : all.slice(0, end);
  return { list, loops: end >= 0 || list.some((hop) => hop.url === finalUrl) };
}

function typeOf(loops: boolean, hops: number): Finding['type'] {
  if (loops) return 'loop';
  return hops > 1 ? 'chain' : 'redirect';
}

function takePage({ pages }: Site, record: CrawlRecord, rules: UrlRules, { slowMs, heavyBytes }: Thresholds) {
  const url = record.finalUrl ?? record.url;
  const isDirect = url === record.url;
  const known = pages.get(url);
  if (known && (known.isDirect || !isDirect)) return;
  const body = readPageBody(record, url, rules);
  const firstByteMs = record.timings.firstByte ?? 0;
  const bytes = record.bytes ?? 0;
  pages.set(url, {
    number: -1,
    url,
    isDirect,
    title: record.title === null ? 0 : keyOf(hash('sha1', record.title, 'hex')),
    digest: record.sha256 === null || bytes === 0 ? 0 : keyOf(record.sha256),
    print: body ? simhash(body.text) : null,
    noindex: record.noindex === true,
    hasBody: body !== null,
    canonical: body?.canonical === url ? url : ownText(body?.canonical ?? null),
    firstByteMs: firstByteMs >= slowMs ? firstByteMs : 0,
    bytes: bytes >= heavyBytes ? bytes : 0,
    insecure: body && body.insecure.length > 0 ? body.insecure.map(ownText) : null,
    ...{ sitemap: null, isLinked: false, isRead: false },
  });
}

/** A copy. What was cut out of a page keeps all of its text in memory. */
function ownText<Text extends string | null>(text: Text): Text {
  return (text === null ? null : Buffer.from(text, 'utf16le').toString('utf16le')) as Text;
}

/** The first 52 bits of a hash in hex, and never 0. */
function keyOf(hex: string): number {
  return Number.parseInt(hex.slice(0, 13), 16) || 1;
}

/**
 * The pages of the site itself, which get their numbers. A redirect may end at another host: its page counts
 * only where the crawl found pages of that host otherwise.
 */
export function ownPages({ pages }: Site): SitePage[] {
  const hosts = new Set<string>();
  for (const { url, isDirect } of pages.values()) if (isDirect) hosts.add(hostPortOf(url));
  const own = [...pages.values()].filter(
    ({ url, isDirect }) => isDirect || hosts.has(hostPortOf(url)) || hosts.size === 0,
  );
  own.forEach((page, index) => {
    page.number = index;
  });
  return own;
}
