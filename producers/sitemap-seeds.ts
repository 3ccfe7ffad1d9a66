// The seeds that --sitemap adds: sitemaps, fetched by consumers like any request.
import { originOf } from '../src/url/host.ts';
import type { UrlRules } from '../src/url/normalize.ts';
import { parseSeed, type SeedLine } from './seeds.ts';

type SourcedLine = SeedLine & { source: string };

const MOST_ORIGINS = 100_000;

/**
 * The named sitemaps, then the seeds; with `auto` among `sitemaps`, behind the first seed of each host its /sitemap.xml, with which those that
 * its robots.txt names are taken as well.
 */
export async function* withSitemaps(
  seeds: AsyncIterable<SourcedLine>,
  sitemaps: readonly string[],
  rules: UrlRules,
): AsyncGenerator<SourcedLine> {
  const isAuto = sitemaps.some((sitemap) => /^auto$/i.test(sitemap));
  for (const [index, sitemap] of sitemaps.entries()) {
    if (!/^auto$/i.test(sitemap))
      yield sitemapLine(sitemap, { source: '--sitemap', line: index + 1 }, rules, false);
  }
  const origins = new Set<string>();
  for await (const seed of seeds) {
    yield seed;
    if (!isAuto || !('input' in seed) || origins.size >= MOST_ORIGINS) continue;
    const origin = originOf(seed.input.url);
    if (origins.has(origin)) continue;
    origins.add(origin);
    yield sitemapLine(`${origin}/sitemap.xml`, seed, rules, true);
  }
}

function sitemapLine(
  url: string,
  { source, line }: { source: string; line: number },
  rules: UrlRules,
  auto: boolean,
): SourcedLine {
  const parsed = parseSeed(url, rules);
  if ('failure' in parsed) return { source, line, ...parsed };
  return { source, line, input: { ...parsed.input, sitemap: auto ? { auto } : {} } };
}
