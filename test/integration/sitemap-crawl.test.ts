// Sitemaps as seeds: what is fetched of what they list, and what is left out.
import assert from 'node:assert/strict';
import test from 'node:test';
import { gzipSync } from 'node:zlib';
import { assertAddsUp } from '../support/crawls.ts';
import { openFleets } from '../support/fleets.ts';
import {
  type Answer,
  found,
  indexOf,
  openSitemapFleet,
  redirect,
  startHosts,
  urlset,
  warningsIn,
} from '../support/site/sitemap-hosts.ts';

const fleets = openFleets({ args: ['--appendfsync', 'no'] });
const fleet = (environment?: Record<string, string>) => openSitemapFleet(fleets, environment);

test('a sitemap in every form is seed enough: its pages at depth 0 with their lastmod, its own record without body', async (t) => {
  const hosts = await startHosts(t, (name, port) => {
    const page = (form: string) => `http://a.localhost:${port}/${form}`;
    const forms = ['urls.xml', 'urls.xml.gz', 'urls.txt', 'rss.xml', 'atom.xml'].map(page);
    const set = (form: string) =>
      `<urlset><url><loc>${page(form)}</loc><lastmod>2026-10-07</lastmod></url></urlset>`;
    const date = 'Wed, 07 Oct 2026 12:00:00 GMT';
    const answers: Record<string, Answer> = {
      'a.localhost/index.xml': indexOf(forms),
      'a.localhost/urls.xml': found(set('xml')),
      'a.localhost/urls.xml.gz': {
        ...found(gzipSync(set('gzip'))),
        headers: { 'content-type': 'application/gzip' },
      },
      'a.localhost/urls.txt': { ...found(`${page('text')}\n`), headers: { 'content-type': 'text/plain' } },
      'a.localhost/rss.xml': found(
        `<rss><channel><item><link>${page('rss')}</link><pubDate>${date}</pubDate></item></channel></rss>`,
      ),
      'a.localhost/atom.xml': found(
        `<feed><entry><link href="${page('atom')}"/><updated>2026-10-07T12:00:00Z</updated></entry></feed>`,
      ),
      'a.localhost/xml': found('<a href="/linked">a link</a>'),
    };
    return answers[name];
  });
  const index = `http://a.localhost:${hosts.port}/index.xml`;
  const { runner, counts, crawl } = await fleet();
  const records = await crawl(['--sitemap', index, '--depth', '0', '--body', 'base64']);
  const told = (form: string) => {
    const { depth, ok, userData, referrer, body } = records.get(`a.localhost/${form}`) ?? {};
    return { depth, ok, userData, from: referrer && new URL(referrer).pathname, body: typeof body };
  };
  const day = { lastmod: '2026-10-07' };
  const noon = { lastmod: '2026-10-07T12:00:00Z' };
  const page = { depth: 0, ok: true, body: 'string' };
  assert.deepEqual(told('xml'), { ...page, userData: day, from: '/urls.xml' });
  assert.deepEqual(told('gzip'), { ...page, userData: day, from: '/urls.xml.gz' });
  assert.deepEqual(told('text'), { ...page, userData: null, from: '/urls.txt' });
  assert.deepEqual(told('rss'), { ...page, userData: noon, from: '/rss.xml' });
  assert.deepEqual(told('atom'), { ...page, userData: noon, from: '/atom.xml' });
  assert.equal(records.size, 11);
  for (const form of ['index.xml', 'urls.xml', 'urls.xml.gz', 'urls.txt', 'rss.xml', 'atom.xml']) {
    const { ok, depth, body, links, bytes } = records.get(`a.localhost/${form}`) ?? {};
    assert.deepEqual(
      { ok, depth, body, links, isRead: (bytes ?? 0) > 0 },
      {
        ...{ ok: true, depth: 0, body: null, links: null, isRead: true },
      },
    );
  }
  const end = await counts();
  assertAddsUp(end);
  assert.deepEqual([end.recorded, end.leftOut], [11, { E_DEPTH: 1 }]);
  assert.deepEqual(await warningsIn(runner), []);
});

test('entries of other hosts are left out and counted, unless --scope says otherwise; --include and --exclude are about pages', async (t) => {
  const hosts = await startHosts(t, (name, port) => {
    const [a, b] = [`http://a.localhost:${port}`, `http://b.localhost:${port}`];
    const answers: Record<string, Answer> = {
      'a.localhost/map/index.xml': indexOf([`${a}/map/1.xml`, `${b}/map/2.xml`]),
      'a.localhost/map/1.xml': urlset([
        `${a}/news/1`,
        `${a}/shop/1`,
        `${b}/news/2`,
        'http://[::',
        'mailto:x@y',
      ]),
      'b.localhost/map/2.xml': urlset([`${b}/news/3`]),
    };
    return answers[name];
  });
  const index = `http://a.localhost:${hosts.port}/map/index.xml`;
  const { runner, counts, crawl } = await fleet();
  const names = async (name: string, ...args: string[]) =>
    [...(await crawl(['--sitemap', index, ...args], name)).keys()].sort();
  const [own, first, second] = [
    'a.localhost/map/index.xml',
    'a.localhost/map/1.xml',
    'b.localhost/map/2.xml',
  ];
  assert.deepEqual(await names('host'), [first, own, 'a.localhost/news/1', 'a.localhost/shop/1']);
  const wrong = { E_URL_INVALID: 1, E_URL_SCHEME: 1 };
  assert.deepEqual((await counts('host')).leftOut, { ...wrong, E_SCOPE: 1, E_SITEMAP: 1 });
  assert.deepEqual(await warningsIn(runner), ['Sitemaps of other hosts: 1 left out.']);

  const articles = ['a.localhost/news/1', 'b.localhost/news/2', 'b.localhost/news/3'];
  assert.deepEqual(await names('any', '--scope', 'any', '--exclude', '*/shop/*'), [
    first,
    own,
    articles[0],
    second,
    ...articles.slice(1),
  ]);
  assert.deepEqual(await names('include', '--include', '*/news/*', '--exclude', '*.xml'), [
    first,
    own,
    articles[0],
  ]);
});

test('indexes within indexes are read to the third level, and a ring of them ends', async (t) => {
  const hosts = await startHosts(t, (name, port) => {
    const level = Number(/^a\.localhost\/level\/(\d)$/.exec(name)?.[1] ?? -1);
    if (level < 0) return undefined;
    const all = [0, 1, 2, 3, 4].map((other) => `http://a.localhost:${port}/level/${other}`);
    return level < 3 ? indexOf([all[level + 1] ?? '', all[0] ?? '']) : indexOf([all[4] ?? '']);
  });
  const { runner, counts, crawl } = await fleet();
  const records = await crawl(['--sitemap', `http://a.localhost:${hosts.port}/level/0`]);
  const names = [0, 1, 2, 3].map((level) => `a.localhost/level/${level}`);
  assert.deepEqual([...records.keys()].sort(), names);
  assert.deepEqual(hosts.asked.filter((name) => name !== 'a.localhost/robots.txt').sort(), names);
  assert.deepEqual((await counts()).leftOut, { E_SITEMAP: 1 });
  assert.deepEqual(await warningsIn(runner), ['Sitemaps in an index that is nested too deep: 1 left out.']);
});

test('a page of a sitemap that is redirected to another host does not widen the scope of the crawl', async (t) => {
  const hosts = await startHosts(t, (name, port) => {
    const [a, b] = [`http://a.localhost:${port}`, `http://b.localhost:${port}`];
    const answers: Record<string, Answer> = {
      'a.localhost/map.xml': urlset([`${a}/out`]),
      'a.localhost/out': redirect(`${b}/`),
      'b.localhost/': found(`<a href="/1">on</a> <a href="${a}/2">back</a>`),
    };
    return answers[name];
  });
  const { counts, crawl } = await fleet();
  const records = await crawl(['--sitemap', `http://a.localhost:${hosts.port}/map.xml`]);
  assert.deepEqual([...records.keys()].sort(), ['a.localhost/2', 'a.localhost/map.xml', 'a.localhost/out']);
  assert.deepEqual((await counts()).leftOut, { E_SCOPE: 1 });
});

test('what cannot be a sitemap, and auto without a seed, is said before anything begins; exit code 2', async () => {
  const { runner } = await fleet();
  for (const [args, why] of [
    [['--sitemap', 'auto'], /give a seed/],
    [['--sitemap', 'http://'], /--sitemap/],
    [['--sitemap', 'sitemap.xml'], /--sitemap/],
  ] as const) {
    const { code, stderr } = await runner.run(['crawl', ...args, '--crawl', 'c']);
    assert.equal(code, 2, stderr);
    assert.match(stderr, why);
  }
  assert.equal((await runner.run(['status', '--json'])).stdout, '');
});
