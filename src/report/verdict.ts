// Which records mean a broken link, and which are pages of the site.
import { entryOf } from '../errors.ts';
import type { CrawlRecord } from '../record.ts';
import { fingerprint } from '../url/fingerprint.ts';

/**
 * Whether a link to it is broken: no answer, or a status from 400 on. What was refused (robots.txt) or only
 * not let through (a challenge, 429) is not known to be.
 */
export function isBroken({ status, error }: Pick<CrawlRecord, 'status' | 'error'>): boolean {
  if (error === null || status === 429 || !entryOf(error.code)?.brokenLink) return false;
  return status === null || status >= 400;
}

/** Whether only its answer was wanted (--check-external): it was asked for with HEAD, at least first. */
export function isCheck({ id, url, links }: Pick<CrawlRecord, 'id' | 'url' | 'links'>): boolean {
  return links === null && id === fingerprint({ url, method: 'HEAD' });
}

/** A page: HTML with a status 2xx, or unchanged. */
export function isPage({ ok, method, contentType, links }: CrawlRecord): boolean {
  return ok && method === 'GET' && links !== null && /html/i.test(contentType ?? 'html');
}

/** A sitemap is kept without body and links. */
export function mayBeSitemap({ ok, links, body, contentType }: CrawlRecord): boolean {
  return ok && links === null && body === null && /xml|gzip|text|octet|rss|atom/i.test(contentType ?? 'xml');
}
