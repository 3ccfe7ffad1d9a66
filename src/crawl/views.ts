// Crawls as the API and the commands show them: counters, name, times.
import { type CrawlSettings, namesOf, storedSettings } from '../config/settings.ts';
import { definitions } from '../config/table.ts';
import { DroverError } from '../errors.ts';
import type { Fleet } from '../fleet.ts';
import { REDACTED, redact, redacted } from '../redact.ts';
import { countsOf } from './crawl.ts';
import type { CrawlCounts } from './progress.ts';
import { readCrawl, readCrawls } from './shards/parts.ts';

export interface CrawlView extends CrawlCounts {
  name: string;
  /** The seeds as the user gave them. */
  seeds: string;
  /** ISO 8601. */
  createdAt: string;
  finishedAt: string | null;
}

/** The views of the known ones among these crawls, in the given order. One round trip to each shard. */
export async function viewCrawls(fleet: Fleet, crawls: readonly string[]): Promise<CrawlView[]> {
  const read = await readCrawls(fleet, crawls);
  return crawls.flatMap((crawl, index) => {
    const fields = read[index] ?? {};
    return fields.state ? [viewOf(crawl, fields)] : [];
  });
}

function viewOf(crawl: string, fields: Record<string, string>): CrawlView {
  const timeOf = (name: string) => new Date(Number(fields[name] ?? 0)).toISOString();
  return {
    ...countsOf(crawl, fields),
    name: fields.name ?? crawl,
    seeds: redact(fields.seeds ?? ''),
    createdAt: timeOf('createdAt'),
    finishedAt: fields.state === 'finished' && fields.finishedAt ? timeOf('finishedAt') : null,
  };
}

/** One crawl with its settings, without secrets. Throws E_CRAWL_UNKNOWN. */
export async function viewCrawl(
  fleet: Fleet,
  crawl: string,
): Promise<CrawlView & { settings: CrawlSettings }> {
  const fields = await readCrawl(fleet, crawl);
  if (!fields.state) throw new DroverError('E_CRAWL_UNKNOWN', `The name given is ${JSON.stringify(crawl)}.`);
  return { ...viewOf(crawl, fields), settings: shownSettings(storedSettings(fields.settings)) };
}

function shownSettings(settings: CrawlSettings): CrawlSettings {
  const secrets = namesOf('crawl')
    .filter((name) => definitions[name].secret)
    .map((name) => [name, withoutSecret(settings[name])]);
  return { ...redacted(settings), ...Object.fromEntries(secrets) };
}

/**
 * Hides the value of a secret setting. Of a table such as `header`, all values are hidden, because a secret
 * header may have any name. Of a URL, the origin stays; the path of a webhook often is a secret.
 */
function withoutSecret(value: CrawlSettings[keyof CrawlSettings]): unknown {
  if (value === null) return null;
  if (Array.isArray(value)) return value.map(() => REDACTED);
  if (typeof value === 'object') return Object.fromEntries(Object.keys(value).map((key) => [key, REDACTED]));
  const url = URL.parse(String(value));
  return url && url.origin !== 'null' ? `${url.origin}/${REDACTED}` : REDACTED;
}

/**
 * A page of ids, newest first. `next` is the cursor of the next page, null at the end. Throws E_FIELD for an
 * unknown cursor.
 */
export async function pageOfCrawls(
  fleet: Fleet,
  cursor: string | null,
  limit: number,
): Promise<{ ids: string[]; next: string | null }> {
  const rank = cursor === null ? -1 : await fleet.redis.zrevrank(fleet.keys.crawls, cursor);
  if (rank === null)
    throw new DroverError('E_FIELD', 'cursor: use the `next` of the previous page.', {
      field: 'query.cursor',
    });
  const ids = await fleet.redis.zrevrange(fleet.keys.crawls, String(rank + 1), String(rank + 1 + limit));
  return { ids: ids.slice(0, limit), next: ids.length > limit ? (ids[limit - 1] ?? null) : null };
}

/**
 * The crawls to show live: all that are running, and, of the newest 100, those that are paused or ended
 * within `withinMs`.
 */
export async function crawlsToWatch(fleet: Fleet, withinMs: number): Promise<CrawlView[]> {
  const MOST = 100;
  const [newest, active] = await Promise.all([
    fleet.redis.zrevrange(fleet.keys.crawls, '0', String(MOST - 1)),
    fleet.redis.zrange(fleet.keys.activeCrawls, '0', String(MOST - 1)),
  ]);
  const views = await viewCrawls(fleet, [...new Set([...newest, ...active])]);
  const since = Date.now() - withinMs;
  return views
    .filter(({ state, createdAt, finishedAt }) =>
      state === 'running' || state === 'paused' ? true : Date.parse(finishedAt ?? createdAt) >= since,
    )
    .sort((a, b) => b.createdAt.localeCompare(a.createdAt));
}
