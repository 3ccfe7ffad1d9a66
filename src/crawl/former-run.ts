// The run of the same name before a crawl that was begun with --again: what of it helps to fetch less.
import type { CrawlSettings } from '../config/settings.ts';

/** Kept as JSON in the field `former` of the crawl's hash: written when it begins, and never changed. */
export interface FormerRun {
  /** Its id. */
  crawl: string;
  /** The address of the store of its records, without password; '' for files. */
  store: string;
  /** The name of its records there. */
  folder: string;
  /** The settings `header` and `userAgent` are the same as in that run: its answers were chosen by them. */
  sameHeaders: boolean;
  /** The setting `body` is the same: its records hold what records of this crawl would. */
  sameBody: boolean;
}

/** What the crawl's hash holds; null for a crawl that was not begun with --again. */
export function readFormerRun(field: string | null | undefined): FormerRun | null {
  return field ? (JSON.parse(field) as FormerRun) : null;
}

/** Which of the settings that matter for FormerRun are the same in both runs. */
export function compareRuns(
  former: CrawlSettings,
  next: CrawlSettings,
): Pick<FormerRun, 'sameHeaders' | 'sameBody'> {
  const seen = ({ header, userAgent }: CrawlSettings) =>
    JSON.stringify([Object.entries(header).sort(), userAgent]);
  return { sameHeaders: seen(former) === seen(next), sameBody: former.body === next.body };
}
