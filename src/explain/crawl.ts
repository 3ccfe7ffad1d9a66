// Finds the crawl that an explanation is about, and the form that this crawl gives the URL.
import { crawlSettings, type Settings } from '../config/settings.ts';
import { findCrawl, listCrawls } from '../crawl/crawl.ts';
import { createLoadedCrawls, type LoadedCrawl, loadedCrawlOf } from '../crawl/loaded-crawl.ts';
import type { Failure } from '../errors.ts';
import { type Fleet, shardOf } from '../fleet.ts';
import { isKnown, lookAtRequest } from '../frontier/look.ts';
import { fingerprint } from '../url/fingerprint.ts';
import { limiterKeyOf } from '../url/host.ts';
import { normalizeUrl } from '../url/normalize.ts';
import { withoutSessionIds } from '../url/session-ids.ts';
import type { Forms, Subject } from './explanation.ts';

/** Most crawls that are searched for a URL, newest first. */
const MOST_CRAWLS = 1000;
const PAGE = 50;

interface CrawlParts {
  fleet: Fleet;
  settings: Settings;
}

/**
 * Picks the named crawl; without a name, the newest crawl that knows the URL, else the newest, else none.
 * Throws E_CRAWL_UNKNOWN.
 */
export async function subjectOf(parts: CrawlParts, text: string, named: string | null): Promise<Subject> {
  const { fleet } = parts;
  if (named !== null) {
    const crawl = await findCrawl(fleet, named);
    return (await subjectIn(parts, text, crawl)).subject;
  }
  const crawls = (await listCrawls(fleet)).slice(0, MOST_CRAWLS);
  let newest: Subject | null = null;
  for (let start = 0; start < crawls.length; start += PAGE) {
    const page = crawls.slice(start, start + PAGE);
    const subjects = await Promise.all(page.map((crawl) => subjectIn(parts, text, crawl)));
    const knowing = subjects.find(({ knows }) => knows);
    if (knowing) return { ...knowing.subject, chosen: 'knows' };
    newest ??= subjects[0]?.subject ?? null;
  }
  if (newest) return { ...newest, chosen: 'newest' };
  const loadedCrawl = loadedCrawlOf('', '', crawlSettings(parts.settings));
  return { ...subjectWith(text, loadedCrawl), crawl: null, chosen: 'none' };
}

async function subjectIn(
  { fleet, settings }: CrawlParts,
  text: string,
  crawl: string,
): Promise<{ subject: Subject; knows: boolean }> {
  const loadedCrawl =
    (await createLoadedCrawls(fleet).get(crawl)) ?? loadedCrawlOf(crawl, crawl, crawlSettings(settings));
  const subject = subjectWith(text, loadedCrawl);
  const { forms } = subject;
  for (const url of forms ? new Set([forms.seed, forms.link]) : []) {
    const id = fingerprint({ url });
    if (isKnown(await lookAtRequest(shardOf(fleet, limiterKeyOf(url)), crawl, id)))
      return { subject: { ...subject, url, id }, knows: true };
  }
  return { subject, knows: false };
}

/** A URL that no crawl knows is explained in the form that it would have as a link. */
function subjectWith(text: string, loadedCrawl: LoadedCrawl): Subject {
  const forms = formsOf(text, loadedCrawl);
  const failure = 'failure' in forms ? forms.failure : null;
  const url = 'link' in forms ? forms.link : null;
  const id = url === null ? null : fingerprint({ url });
  const known = 'link' in forms ? forms : null;
  return { text, crawl: loadedCrawl.crawl, chosen: 'named', loadedCrawl, forms: known, failure, url, id };
}

/** The forms that the crawl gives the URL as a seed and as a link, and what normalising changed. */
export function formsOf(text: string, { urlRules, settings }: LoadedCrawl): Forms | { failure: Failure } {
  const normalized = normalizeUrl(text, urlRules);
  if ('failure' in normalized) return normalized;
  const seed = normalized.url;
  const link = settings.keepSessionIds ? seed : withoutSessionIds(seed);
  const unstripped = normalizeUrl(text);
  const plain = 'url' in unstripped ? unstripped.url : seed;
  const changes = spellings(text, plain);
  if (plain !== seed) changes.push('parameters removed (--strip-params)');
  if (link !== seed) changes.push('session identifier removed in links');
  return { seed, link, changes };
}

function spellings(text: string, plain: string): string[] {
  const changes: string[] = [];
  let rest = text.trim();
  if (rest !== text) changes.push('white space removed');
  if (rest.includes('#')) changes.push('fragment removed');
  rest = rest.replace(/#.*/s, '');
  const port = /^(?:(https?:\/\/[^/?#]*):(?:80|443))(?=[/?]|$)/i.exec(rest);
  if (port && new URL(plain).port === '') {
    changes.push('default port removed');
    rest = `${port[1]}${rest.slice(port[0].length)}`;
  }
  if (rest !== plain && `${rest}/` !== plain) changes.push('spelled as browsers spell it');
  return changes;
}
