// --sitemap auto: the sitemaps that robots.txt names, and /sitemap.xml.
import assert from 'node:assert/strict';
import test from 'node:test';
import { openFleets } from '../support/fleets.ts';
import {
  type Answer,
  found,
  indexOf,
  openSitemapFleet,
  redirect,
  robots,
  startHosts,
  urlset,
  warningsIn,
} from '../support/site/sitemap-hosts.ts';

const fleets = openFleets({ args: ['--appendfsync', 'no'] });
const fleet = (environment?: Record<string, string>) => openSitemapFleet(fleets, environment);

test('auto: what robots.txt names and /sitemap.xml, of the host of each seed; a 404 there is a record and no failure', async (t) => {
  const hosts = await startHosts(t, (name, port) => {
    const [a, b, cdn] = ['a', 'b', 'cdn'].map((host) => `http://${host}.localhost:${port}`);
    const answers: Record<string, Answer> = {
      'a.localhost/robots.txt': robots([`${a}/named.xml`, `${cdn}/of-a.xml`]),
      'a.localhost/named.xml': urlset([`${a}/1`]),
      'cdn.localhost/of-a.xml': indexOf([`${cdn}/of-a-1.xml`, `${b}/sitemap.xml`]),
      'cdn.localhost/of-a-1.xml': urlset([`${a}/2`, `${cdn}/3`, `${b}/4`]),
      'b.localhost/sitemap.xml': urlset([`${b}/5`]),
    };
    return answers[name];
  });
  const seeds = ['a', 'b'].map((host) => `http://${host}.localhost:${hosts.port}/`);
  const { runner, counts, crawl } = await fleet();
  const records = await crawl([...seeds, '--sitemap', 'auto']);
  assert.deepEqual(
    [...records.keys()].sort(),
    [
      ...[
        'a.localhost/',
        'a.localhost/1',
        'a.localhost/2',
        'a.localhost/named.xml',
        'a.localhost/sitemap.xml',
      ],
      ...['b.localhost/', 'b.localhost/5', 'b.localhost/sitemap.xml'],
      ...['cdn.localhost/of-a-1.xml', 'cdn.localhost/of-a.xml'],
    ].sort(),
  );
  const { ok, status, error } = records.get('a.localhost/sitemap.xml') ?? {};
  assert.deepEqual([ok, status, error?.code], [false, 404, 'E_HTTP_4XX']);
  assert.deepEqual((await counts()).leftOut, { E_SCOPE: 2, E_SITEMAP: 1 });
  assert.deepEqual(await warningsIn(runner), ['Sitemaps of other hosts: 1 left out.']);
  for (const host of ['a', 'b']) assert.equal(hosts.times(`${host}.localhost/robots.txt`), 1);
});

test('auto reads the sitemaps of robots.txt with --ignore-robots too, and its rules not', async (t) => {
  const hosts = await startHosts(t, (name, port) => {
    const a = `http://a.localhost:${port}`;
    const answers: Record<string, Answer> = {
      'a.localhost/robots.txt': found(`User-agent: *\nDisallow: /\nSitemap: ${a}/named.xml\n`),
      'a.localhost/named.xml': urlset([`${a}/1`]),
      'a.localhost/sitemap.xml': urlset([`${a}/2`]),
    };
    return answers[name];
  });
  const seed = `http://a.localhost:${hosts.port}/`;
  const { crawl } = await fleet();
  const records = await crawl([seed, '--sitemap', 'auto', '--ignore-robots']);
  const names = ['', '1', '2', 'named.xml', 'robots.txt', 'sitemap.xml'].map((path) => `a.localhost/${path}`);
  assert.deepEqual([...records.keys()].sort(), names);
  assert.ok(records.values().every(({ ok }) => ok));
  assert.equal(hosts.asked.length, names.length);
});

test('a sitemap speaks for the host that it is redirected to, and a robots.txt for its site with and without www.', async (t) => {
  const hosts = await startHosts(t, (name, port) => {
    const www = `http://www.a.localhost:${port}`;
    const answers: Record<string, Answer> = {
      'www.a.localhost/robots.txt': robots([`${www}/named.xml`]),
      'www.a.localhost/named.xml': urlset([`${www}/1`]),
      'www.a.localhost/map.xml': indexOf(['map/1.xml']),
      'www.a.localhost/map/1.xml': urlset([`${www}/2`]),
      'b.localhost/map.xml': redirect(`http://cdn.localhost:${port}/b.xml`),
      'cdn.localhost/b.xml': urlset([`http://b.localhost:${port}/3`, `http://www.b.localhost:${port}/4`]),
    };
    const bare = /^a\.localhost(\/.*)/.exec(name)?.[1];
    return bare === undefined ? answers[name] : redirect(`${www}${bare}`);
  });
  const [a, b] = ['a', 'b'].map((host) => `http://${host}.localhost:${hosts.port}`);
  const { counts, crawl } = await fleet();
  const auto = await crawl([`${a}/`, '--sitemap', 'auto'], 'auto');
  assert.deepEqual([...auto.keys()].sort(), [
    ...['a.localhost/', 'a.localhost/sitemap.xml', 'www.a.localhost/1', 'www.a.localhost/named.xml'],
  ]);
  const named = await crawl(['--sitemap', `${a}/map.xml`, '--sitemap', `${b}/map.xml`], 'named');
  assert.deepEqual([...named.keys()].sort(), [
    ...['a.localhost/map.xml', 'b.localhost/3', 'b.localhost/map.xml', 'www.a.localhost/2'],
    'www.a.localhost/map/1.xml',
  ]);
  assert.deepEqual((await counts('named')).leftOut, { E_SCOPE: 1 });
});

test('what robots.txt names is taken though /sitemap.xml fails for good or is disallowed', async (t) => {
  const hosts = await startHosts(t, (name, port) => {
    const [host = ''] = name.split('/');
    const own = `http://${host}:${port}`;
    const rule = host === 'a.localhost' ? '' : 'User-agent: *\nDisallow: /sitemap.xml\n';
    const answers: Record<string, Answer> = {
      'a.localhost/sitemap.xml': { status: 500 },
      [`${host}/robots.txt`]: found(`${rule}Sitemap: ${own}/named.xml\n`),
      [`${host}/named.xml`]: urlset([`${own}/1`]),
    };
    return answers[name];
  });
  const seeds = ['a', 'b'].map((host) => `http://${host}.localhost:${hosts.port}/`);
  const { runner } = await fleet();
  const args = ['crawl', ...seeds, '--sitemap', 'auto', '--crawl', 'c', '--quiet', '--attempts', '1'];
  const { code, stderr } = await runner.run(args);
  assert.equal(code, 1, stderr);
  for (const host of ['a', 'b']) assert.equal(hosts.times(`${host}.localhost/1`), 1);
  const { dead, refusals } = await runner.status('c');
  assert.deepEqual([dead, refusals], [1, { E_ROBOTS: 1 }]);
});
