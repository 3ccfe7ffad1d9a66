// The seeds that --sitemap adds: sitemaps, fetched by consumers like any request.
import type { Settings } from '../config/settings.ts';
import { DroverError } from '../errors.ts';
import type { RequestInput } from '../request.ts';
import { originOf } from '../url/host.ts';
import { normalizeUrl, type UrlRules } from '../url/normalize.ts';
import { parseSeed, type SeedLine } from './read.ts';

type SourcedLine = SeedLine & { source: string };

/** Remembered at a time. A host that was forgotten is offered once more, which changes nothing. */
const MOST_ORIGINS = 100_000;

/** Throws E_SETTING for what is no URL of a sitemap, E_USAGE when there are no seeds whose hosts `auto` could mean. */
export function checkSitemaps(sitemaps: readonly string[], seeds: readonly string[], rules: UrlRules): void {
  for (const sitemap of sitemaps.filter((name) => !isAuto(name))) {
    const normalized = normalizeUrl(sitemap, rules);
    if ('failure' in normalized)
      throw new DroverError('E_SETTING', `--sitemap: ${normalized.failure.message}`);
  }
  if (sitemaps.length > 0 && sitemaps.every(isAuto) && seeds.length === 0)
    throw new DroverError(
      'E_USAGE',
      '--sitemap auto means the hosts of the seeds: name a seed, or the URL of a sitemap.',
    );
}

/**
 * The named sitemaps, then the seeds; with `auto` among `sitemap`, before the first seed of each host what leads to its sitemaps. Before it,
 * because a page may link to a sitemap: as a link, it would be fetched and not read. `origins`: those whose sitemaps went before other seeds.
 */
export async function* withSitemaps(
  seeds: AsyncIterable<SourcedLine>,
  { sitemap: sitemaps, ignoreRobots }: Pick<Settings, 'sitemap' | 'ignoreRobots'>,
  rules: UrlRules,
  origins = new Set<string>(),
): AsyncGenerator<SourcedLine> {
  for (const [index, sitemap] of sitemaps.entries()) {
    if (!isAuto(sitemap)) yield sitemapLine(sitemap, { source: '--sitemap', line: index + 1 }, rules, {});
  }
  const takesAll = sitemaps.some(isAuto);
  for await (const seed of seeds) {
    const origin = takesAll && 'input' in seed ? originOf(seed.input.url) : null;
    if (origin !== null && !origins.has(origin)) {
      if (origins.size >= MOST_ORIGINS) origins.clear();
      origins.add(origin);
      yield* sitemapsOf(origin, seed, rules, ignoreRobots);
    }
    yield seed;
  }
}

/**
 * With /sitemap.xml, those that robots.txt names are taken: consumers know it, since they asked for it before. Where they do not ask, it is
 * a request of its own.
 */
function* sitemapsOf(
  origin: string,
  seed: SourcedLine,
  rules: UrlRules,
  ignoreRobots: boolean,
): Generator<SourcedLine> {
  if (ignoreRobots) yield sitemapLine(`${origin}/robots.txt`, seed, rules, { auto: true });
  yield sitemapLine(`${origin}/sitemap.xml`, seed, rules, ignoreRobots ? {} : { auto: true });
}

function isAuto(sitemap: string): boolean {
  return sitemap.toLowerCase() === 'auto';
}

function sitemapLine(
  url: string,
  { source, line }: { source: string; line: number },
  rules: UrlRules,
  sitemap: NonNullable<RequestInput['sitemap']>,
): SourcedLine {
  const parsed = parseSeed(url, rules);
  if ('failure' in parsed) return { source, line, ...parsed };
  return { source, line, input: { ...parsed.input, sitemap } };
}
