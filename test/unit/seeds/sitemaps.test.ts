import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { parseSeed, type SeedLine } from '../../../src/seeds/read.ts';
import { checkSitemaps, withSitemaps } from '../../../src/seeds/sitemaps.ts';
import { originOf } from '../../../src/url/host.ts';

async function* linesOf(seeds: readonly string[]): AsyncGenerator<SeedLine & { source: string }> {
  for (const [index, seed] of seeds.entries())
    yield { source: 'list.txt', line: index + 1, ...parseSeed(seed, {}) };
}

async function allOf<T>(lines: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const line of lines) all.push(line);
  return all;
}

/**
 * `url` of a seed, `url !` of a sitemap, `url !auto` of one with those of robots.txt, `text ?` of a bad line.
 */
async function shown(seeds: readonly string[], sitemap: string[], ignoreRobots = false): Promise<string[]> {
  const lines = withSitemaps(linesOf(seeds), { sitemap, ignoreRobots }, {});
  return (await allOf(lines)).map((line) => {
    if ('failure' in line) return `${line.text} ?`;
    const { url, sitemap } = line.input;
    return sitemap ? `${url} !${sitemap.auto ? 'auto' : ''}` : url;
  });
}

test('without sitemaps, the seeds are as they were', async () => {
  const seeds = ['http://a/1', 'nonsense', 'http://b/'];
  assert.deepEqual(await shown(seeds, []), ['http://a/1', 'nonsense ?', 'http://b/']);
});

test('named sitemaps come first, normalised, in the order in which they were named', async () => {
  const sitemaps = ['HTTP://B:80/x.xml#top', 'https://a/y.xml'];
  assert.deepEqual(await shown(['http://a/'], sitemaps), [
    'http://b/x.xml !',
    'https://a/y.xml !',
    'http://a/',
  ]);
  assert.deepEqual(await shown([], sitemaps), ['http://b/x.xml !', 'https://a/y.xml !']);
});

test('auto: before the first seed of each host, lest a page link to its sitemap first; named ones too', async () => {
  const seeds = ['http://a/1', 'http://b:81/', 'nonsense', 'http://a/2', 'https://a/3', 'http://b:81/x'];
  assert.deepEqual(await shown(seeds, ['Auto', 'http://c/s.xml']), [
    ...['http://c/s.xml !', 'http://a/sitemap.xml !auto', 'http://a/1', 'http://b:81/sitemap.xml !auto'],
    ...['http://b:81/', 'nonsense ?', 'http://a/2', 'https://a/sitemap.xml !auto', 'https://a/3'],
    'http://b:81/x',
  ]);
});

test('auto where consumers do not ask for robots.txt: it is a request of its own', async () => {
  assert.deepEqual(await shown(['http://a/1', 'http://a/2'], ['auto'], true), [
    ...['http://a/robots.txt !auto', 'http://a/sitemap.xml !', 'http://a/1', 'http://a/2'],
  ]);
});

test('auto of a seed that is a request: the seed keeps all that it says, its sitemap has none of it', async () => {
  const seed = '{"url": "http://a/", "depth": 3, "label": "x", "headers": {"a": "b"}}';
  const lines = await allOf(withSitemaps(linesOf([seed]), { sitemap: ['auto'], ignoreRobots: false }, {}));
  const inputs = lines.map((line) => ('input' in line ? line.input : null));
  assert.deepEqual(inputs, [
    { url: 'http://a/sitemap.xml', sitemap: { auto: true } },
    { url: 'http://a/', depth: 3, label: 'x', headers: { a: 'b' } },
  ]);
});

test('whatever the seeds: each is there as it was, and the sitemap of each host once, before all its seeds', async () => {
  const seed = fc
    .tuple(fc.constantFrom('http', 'https'), fc.constantFrom('a', 'b', 'c.d', 'b:81'), fc.nat(5))
    .map(([scheme, host, page]) => `${scheme}://${host}/${page}`);
  await fc.assert(
    fc.asyncProperty(fc.array(seed), async (seeds) => {
      const all = await shown(seeds, ['auto']);
      assert.deepEqual(
        all.filter((line) => !line.endsWith(' !auto')),
        seeds,
      );
      const expected = [...new Set(seeds.map(originOf))].map((origin) => `${origin}/sitemap.xml !auto`);
      assert.deepEqual(
        all.filter((line) => line.endsWith(' !auto')),
        expected,
      );
      for (const line of seeds)
        assert.ok(all.indexOf(`${originOf(line)}/sitemap.xml !auto`) < all.indexOf(line));
    }),
  );
});

test('of more hosts than are remembered, none is left without its sitemap', async () => {
  const seeds = Array.from({ length: 100_010 }, (_, host) => `http://h${host}/`);
  const sitemaps = (await shown(seeds, ['auto'])).filter((line) => line.endsWith(' !auto'));
  assert.equal(new Set(sitemaps).size, seeds.length);
});

test('what is no URL is refused, and auto without seeds; a password is not repeated', () => {
  const check = (sitemaps: string[], seeds: string[] = []) =>
    checkSitemaps(sitemaps, seeds, { maxLength: 100 });
  check([]);
  check(['http://a/s.xml']);
  check(['auto', 'http://a/s.xml']);
  check(['AUTO'], ['-']);
  assert.throws(() => check(['auto']), { code: 'E_USAGE' });
  assert.throws(() => check(['http://']), { code: 'E_SETTING', message: /--sitemap/ });
  assert.throws(() => check([`http://a/${'x'.repeat(100)}`]), { code: 'E_SETTING' });
  assert.throws(
    () => check(['http://a:secret@b/'], ['http://b/']),
    ({ code, message }: Error & { code: string }) => {
      assert.doesNotMatch(message, /secret/);
      return code === 'E_SETTING';
    },
  );
});
