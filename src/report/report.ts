// The site report: what is wrong with a crawled site. It reads the crawl's records twice, from any store.
import type { CrawlRecord } from '../record.ts';
import type { UrlRules } from '../url/normalize.ts';
import { withoutSessionIds } from '../url/session-ids.ts';
import { everyKind, type Finding, type Kind, type SiteReport, type Thresholds } from './kinds.ts';
import { closePairs, Unions } from './near.ts';
import { readPageBody } from './page-body.ts';
import { alikeness, sketchOf } from './simhash.ts';
import { emptySite, ownPages, type Site, type SitePage, takeRecord } from './site.ts';
import { isPage } from './verdict.ts';

export interface ReportParts {
  crawl: string;
  state: string;
  /** Requests that have not ended. */
  waiting: number;
  rules: UrlRules;
  /** Settings of the crawl: session identifiers stay in URLs; links to other hosts were checked. */
  keepSessionIds: boolean;
  checkExternal: boolean;
  thresholds: Thresholds;
  /** All records. Called twice. */
  read: () => AsyncIterable<CrawlRecord>;
}

/** Links to findings that are kept; beyond them, they are counted. */
const MOST_FROM = 2_000_000;
/** Pages whose texts are compared word by word: 1 kB each. */
const MOST_COMPARED = 100_000;
/** Comparisons of two texts. */
const MOST_COMPARISONS = 5_000_000;

/**
 * Makes the report. Memory: about 400 bytes with its URL for each page, 4 bytes for each link to a finding (2
 * million at most), and what is reported. Throws what `read` throws.
 */
export async function makeReport(parts: ReportParts): Promise<SiteReport> {
  const site = emptySite();
  for await (const record of parts.read()) takeRecord(site, record, parts.rules, parts.thresholds);
  const pages = ownPages(site);
  const notes: string[] = [];
  const groups = groupsOf(pages);
  const second = await readAgain(parts, site, groups);
  fillFrom(site, pages, second, notes);
  fillPages(site, pages);
  fillGroups(site, groups, second);
  site.findings.nearDuplicates = nearDuplicates(groups, second.sketches, parts.thresholds.similar);
  const { findings } = site;
  for (const kind of everyKind) findings[kind].sort(order);
  findings.slow.sort((a, b) => (b.firstByteMs ?? 0) - (a.firstByteMs ?? 0));
  findings.heavy.sort((a, b) => (b.bytes ?? 0) - (a.bytes ?? 0));
  const cannotTell = limitsOf(parts, site, pages, { notes, hasSitemap: second.listed > 0 });
  if (groups.candidates.size > MOST_COMPARED)
    notes.push(`More than ${MOST_COMPARED} pages have a near-duplicate; those beyond are left out.`);
  const { crawl, state, thresholds } = parts;
  const generatedAt = new Date().toISOString();
  return {
    crawl,
    state,
    generatedAt,
    records: site.records,
    pages: pages.length,
    thresholds,
    notes,
    cannotTell,
    findings,
  };
}

interface Groups {
  titles: SitePage[][];
  digests: SitePage[][];
  /** One of each set of equal pages that has a text. */
  texts: SitePage[];
  /** Pages with another whose fingerprint is close. */
  candidates: Set<string>;
}

function groupsOf(pages: readonly SitePage[]): Groups {
  const shown = pages.filter(({ noindex }) => !noindex);
  const digests = grouped(shown, ({ digest }) => digest);
  const again = new Set(digests.flatMap((group) => group.slice(1)));
  const texts = shown.filter((page) => page.print !== null && !again.has(page));
  const candidates = new Set<string>();
  closePairs(printsOf(texts), (a, b) => {
    for (const index of [a, b]) candidates.add(texts[index]?.url ?? '');
  });
  return { titles: grouped(shown, ({ title }) => title), digests, texts, candidates };
}

const printsOf = (texts: readonly SitePage[]) => texts.map(({ print }) => print ?? { high: 0, low: 0 });

/** Pages with the same key, those of which there is more than one; 0 is no key. */
function grouped(pages: readonly SitePage[], keyOf: (page: SitePage) => number): SitePage[][] {
  const keyed = pages.filter((page) => keyOf(page) !== 0).sort((a, b) => keyOf(a) - keyOf(b));
  const groups: SitePage[][] = [];
  for (let at = 0; at < keyed.length; ) {
    const first = keyed[at] as SitePage;
    let end = at + 1;
    while (end < keyed.length && keyOf(keyed[end] as SitePage) === keyOf(first)) end++;
    if (end - at > 1) groups.push(keyed.slice(at, end));
    at = end;
  }
  return groups;
}

/** What the second reading finds, beside what it notes of the pages and targets. */
interface Second {
  listed: number;
  titles: Map<number, string>;
  sketches: Map<string, Int32Array>;
  leftOut: Map<string, number>;
}

async function readAgain(parts: ReportParts, site: Site, { titles, candidates }: Groups): Promise<Second> {
  const wanted = new Set(titles.map(([first]) => first?.title ?? 0));
  const second: Second = { listed: 0, titles: new Map(), sketches: new Map(), leftOut: new Map() };
  let kept = 0;
  for await (const record of parts.read()) {
    noteListed(site, second, record);
    const url = record.finalUrl ?? record.url;
    const page = ownPage(site, url);
    if (page === null || page.isRead || !isPage(record)) continue;
    page.isRead = true;
    if (wanted.has(page.title) && !second.titles.has(page.title))
      second.titles.set(page.title, record.title ?? '');
    if (candidates.has(url) && second.sketches.size < MOST_COMPARED)
      second.sketches.set(page.url, sketchOf(readPageBody(record, url, parts.rules)?.text ?? ''));
    for (const text of record.links ?? []) {
      const link = parts.keepSessionIds ? text : withoutSessionIds(text);
      const target = site.targets.get(link);
      if (link !== url && link !== record.url) noteLinked(site, link);
      if (!target || target.from.at(-1) === page.number) continue;
      if (kept++ < MOST_FROM) target.from.push(page.number);
      else second.leftOut.set(link, (second.leftOut.get(link) ?? 0) + 1);
    }
  }
  return second;
}

/** Null for a URL that is no page of the site itself. */
function ownPage({ pages }: Site, url: string): SitePage | null {
  const page = pages.get(url);
  return page && page.number >= 0 ? page : null;
}

function noteLinked({ pages, targets }: Site, url: string): void {
  for (const one of [pages.get(url), targets.get(url)]) if (one) one.isLinked = true;
}

/** A page whose request a sitemap made: no page had linked to it before. */
function noteListed(site: Site, second: Second, { url, referrer, finalUrl }: CrawlRecord): void {
  const sitemap = referrer === null ? undefined : site.sitemaps.get(referrer);
  if (sitemap === undefined) return;
  second.listed++;
  const page = finalUrl === url ? ownPage(site, url) : null;
  if (page) page.sitemap = sitemap;
}

/** Each target gets the pages that link to it, or what else led there. */
function fillFrom(site: Site, own: readonly SitePage[], { leftOut }: Second, notes: string[]): void {
  const { targets, findings } = site;
  for (const [url, { findings: made, from, referrer, finalUrl, isLinked }] of targets) {
    const pages = from.map((number) => own[number]?.url ?? '').sort();
    if (pages.length === 0 && referrer !== null) pages.push(referrer);
    if (finalUrl !== null && isLinked) noteLinked(site, finalUrl);
    const more = leftOut.get(url);
    for (const finding of made) Object.assign(finding, { from: pages }, more ? { fromLeftOut: more } : {});
  }
  if (leftOut.size > 0)
    notes.push(`More than ${MOST_FROM} links lead to findings; fromLeftOut counts those that are not named.`);
  for (const { url, sitemap, isLinked } of own)
    if (sitemap !== null && !isLinked) findings.orphans.push({ url, sitemap });
}

function fillPages({ findings, targets }: Site, pages: readonly SitePage[]): void {
  for (const page of pages) {
    const { url, firstByteMs, bytes, title, noindex, hasBody, canonical, insecure } = page;
    if (firstByteMs > 0) findings.slow.push({ url, firstByteMs });
    if (bytes > 0) findings.heavy.push({ url, bytes });
    if (title === 0 && !noindex) findings.missingTitles.push({ url });
    if (insecure) findings.mixedContent.push({ url, resources: insecure });
    if (!hasBody || noindex) continue;
    if (canonical === null) findings.missingCanonical.push({ url });
    else if (canonical !== url) {
      const target = targets.get(canonical);
      const [found] = target?.findings ?? [];
      const isWrong = target?.broken || found?.type !== undefined;
      if (isWrong)
        findings.brokenCanonical.push({
          url,
          canonical,
          status: found?.status ?? null,
          code: found?.code ?? null,
        });
      else findings.otherCanonical.push({ url, canonical });
    }
  }
}

function fillGroups({ findings }: Site, { titles, digests }: Groups, second: Second): void {
  for (const group of titles)
    findings.duplicateTitles.push({
      title: second.titles.get(group[0]?.title ?? 0) ?? '',
      urls: urlsOf(group),
    });
  for (const group of digests) findings.duplicates.push({ urls: urlsOf(group) });
}

const urlsOf = (group: readonly SitePage[]) => group.map(({ url }) => url).sort();

function nearDuplicates({ texts }: Groups, sketches: Map<string, Int32Array>, similar: number): Finding[] {
  const unions = new Unions(texts.length);
  let comparisons = 0;
  closePairs(printsOf(texts), (a, b) => {
    if (unions.of(a) === unions.of(b) || comparisons++ > MOST_COMPARISONS) return;
    const [one, other] = [sketches.get(texts[a]?.url ?? ''), sketches.get(texts[b]?.url ?? '')];
    const share = one && other ? alikeness(one, other) : 0;
    if (share * 100 >= similar) unions.unite(a, b, share);
  });
  const groups = Map.groupBy(texts.keys(), (index) => unions.of(index));
  return [...groups.values()]
    .filter((group) => group.length > 1)
    .map((group) => ({
      similarity: Math.floor(unions.leastOf(group[0] ?? 0) * 100),
      urls: urlsOf(group.map((index) => texts[index] as SitePage)),
    }));
}

/** Says in `notes` what the report cannot tell; returns the kinds of which it can tell nothing. */
function limitsOf(
  { state, waiting, checkExternal }: ReportParts,
  { records }: Site,
  pages: readonly SitePage[],
  { notes, hasSitemap }: { notes: string[]; hasSitemap: boolean },
): Kind[] {
  const cannot: Kind[] = [];
  if (state !== 'finished')
    notes.push(
      `The crawl is ${state}: ${waiting} requests have not ended, and their pages are not in this report.`,
    );
  if (records === 0) notes.push('The crawl has no records.');
  const bodiless = pages.filter(({ hasBody }) => !hasBody).length;
  if (bodiless > 0) {
    notes.push(
      `${bodiless} of ${pages.length} pages have no stored body (--body none): of them near-duplicates, canonical URLs and mixed content are not known.`,
    );
    if (bodiless === pages.length)
      cannot.push('nearDuplicates', 'missingCanonical', 'brokenCanonical', 'otherCanonical', 'mixedContent');
  }
  if (!checkExternal) {
    notes.push('External links were not checked (crawl --check-external).');
    cannot.push('external');
  }
  if (!hasSitemap) {
    notes.push('No sitemap was read, so orphans are not known (crawl --sitemap auto).');
    cannot.push('orphans');
  }
  return cannot;
}

function order(a: Finding, b: Finding): number {
  const size = (one: Finding) => one.from?.length ?? one.urls?.length ?? 0;
  const name = (one: Finding) => one.url ?? one.urls?.[0] ?? '';
  return size(b) - size(a) || (name(a) < name(b) ? -1 : 1);
}
