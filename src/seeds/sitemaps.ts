// The seeds that --sitemap adds: sitemaps, fetched by consumers like any request.
import type { Settings } from '../config/settings.ts';
import { DroverError } from '../errors.ts';
import type { RequestInput } from '../request.ts';
import { originOf } from '../url/host.ts';
import type { UrlRules } from '../url/normalize.ts';
import { parseSeed, parseSeedValue, type SeedLine } from './read.ts';

type SourcedLine = SeedLine & { source: string; isFromSetting?: true };

/** Most origins remembered. The sitemaps of a forgotten origin are offered again, which changes nothing. */
const MOST_ORIGINS = 100_000;

/**
 * Checks the values of --sitemap. Throws E_SETTING for an invalid URL, and E_USAGE for `auto` without seeds,
 * whose hosts it would mean.
 */
export function checkSitemaps(sitemaps: readonly string[], seeds: readonly string[], rules: UrlRules): void {
  for (const sitemap of sitemaps.filter((name) => !isAuto(name))) {
    const parsed = parseSeedValue(sitemap, rules);
    if ('failure' in parsed) throw new DroverError('E_SETTING', `--sitemap: ${parsed.failure.message}`);
  }
  if (sitemaps.length > 0 && sitemaps.every(isAuto) && seeds.length === 0)
    throw new DroverError(
      'E_USAGE',
      '--sitemap auto means the hosts of the seeds: give a seed, or the URL of a sitemap.',
    );
}

/**
 * Yields the named sitemaps, then the seeds. With `auto`, the sitemaps of each host come before its first
 * seed: a page of the host may link to a sitemap, and a sitemap that is first met as a link would be fetched
 * but not read. `origins` are those whose sitemaps have been offered before.
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
 * The request for /sitemap.xml also stands for the sitemaps named in robots.txt, which consumers have read
 * before it. With --ignore-robots they do not read robots.txt, so it is a request of its own.
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
  return { source, line, isFromSetting: true, ...parsed, input: { ...parsed.input, sitemap } };
}
