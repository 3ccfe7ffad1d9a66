// Sitemaps for tests: written, read, and timed.
import assert from 'node:assert/strict';
import { readSitemap, type SitemapFacts, sitemapLimits } from '../../src/sitemap/sitemap.ts';

export const MiB = 1024 * 1024;
export const xmlns = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"';

export const read = (body: string | Uint8Array, contentType = 'application/xml', limits = sitemapLimits) =>
  readSitemap(typeof body === 'string' ? Buffer.from(body) : body, contentType, limits);
export const urlset = (entries: string) =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<urlset ${xmlns}>${entries}</urlset>`;
export const entry = (url: string) => `<url><loc>${url}</loc></url>`;
export const urlsOf = (facts: SitemapFacts) => facts.entries.map(({ url }) => url);
export const manyEntries = (count: number, padding = '') =>
  urlset(
    Array.from({ length: count }, (_, i) => `${entry(`http://h.example/${i}?a=1&amp;b=2`)}${padding}\n`).join(
      '',
    ),
  );

/** Nothing was wrong with it. */
export async function sound(body: string | Uint8Array, contentType?: string): Promise<SitemapFacts> {
  const facts = await read(body, contentType);
  assert.deepEqual(facts.warnings, []);
  return facts;
}

export async function warned(body: string | Uint8Array, warning: RegExp): Promise<SitemapFacts> {
  const facts = await read(body);
  assert.match(facts.warnings.join('\n'), warning);
  return facts;
}

/** Fails if it takes longer (or the gap is wider) three times, so that a busy machine does not count. */
export async function staysBelow(mostMs: number, measure: () => Promise<number>): Promise<void> {
  const measured: number[] = [];
  while (measured.length < 3) {
    const took = await measure();
    if (took < mostMs) return;
    measured.push(took);
  }
  assert.fail(`${measured.map(Math.round).join(', ')} ms, and not below ${mostMs} ms`);
}

export async function millisecondsOf(run: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await run();
  return performance.now() - start;
}
