// Sitemaps that are broken, fail, or are cut off by kill -9 of the consumer.
import assert from 'node:assert/strict';
import test from 'node:test';
import { keysOf } from '../../src/keys.ts';
import { fingerprint } from '../../src/url/fingerprint.ts';
import { assertAddsUp } from '../support/crawls.ts';
import { openFleets } from '../support/fleets.ts';
import { until } from '../support/signals.ts';
import {
  type Answer,
  found,
  openSitemapFleet,
  startHosts,
  urlset,
  warningsIn,
} from '../support/site/sitemap-hosts.ts';

const fleets = openFleets({ args: ['--appendfsync', 'no'] });
const fleet = (environment?: Record<string, string>) => openSitemapFleet(fleets, environment);

test('of a broken sitemap all that can be read is fetched; the log says what was wrong, and status how often', async (t) => {
  const hosts = await startHosts(t, (name, port) => {
    const a = `http://a.localhost:${port}`;
    const answers: Record<string, Answer> = {
      'a.localhost/broken.xml': found(
        `<urlset><url><loc>${a}/1</loc><url><loc>${a}/2?x=1&y=2</loc></url></wrong><url><loc>${a}/3</loc></url><url><loc>${a}/4`,
      ),
      'a.localhost/page.xml': found('<!doctype html><html><body>Not found, politely</body></html>'),
    };
    return answers[name];
  });
  const { runner, counts, crawl } = await fleet();
  const maps = ['broken.xml', 'page.xml'].flatMap((map) => [
    '--sitemap',
    `http://a.localhost:${hosts.port}/${map}`,
  ]);
  const records = await crawl(maps);
  const names = ['1', '2?x=1&y=2', '3', 'broken.xml', 'page.xml'].map((path) => `a.localhost/${path}`);
  assert.deepEqual([...records.keys()].sort(), names);
  const warnings = await warningsIn(runner);
  for (const what of [
    /^It breaks off: at character \d+/,
    /^An element is not closed: /,
    /it is an HTML page\.$/,
  ])
    assert.ok(
      warnings.some((warning) => what.test(warning)),
      `${what} among ${warnings}`,
    );
  const { leftOut } = await counts();
  assert.deepEqual(leftOut, { E_SITEMAP: warnings.length });
  const { stdout } = await runner.run(['status', 'c']);
  assert.match(stdout, new RegExp(`^ {2}links left out E_SITEMAP: ${warnings.length}$`, 'm'));
});

test('a sitemap is tried again like any request; one that fails for good is a dead letter, and a replay reads it', async (t) => {
  const hosts = await startHosts(t, (name, port, times) => {
    const a = `http://a.localhost:${port}`;
    if (name === 'a.localhost/weak.xml') return times === 1 ? { status: 500 } : urlset([`${a}/1`]);
    if (name === 'a.localhost/busy.xml')
      return times === 1 ? { status: 429, headers: { 'retry-after': '1' } } : urlset([`${a}/2`]);
    if (name === 'a.localhost/sick.xml') return times <= 2 ? { status: 500 } : urlset([`${a}/3`]);
    return undefined;
  });
  const { runner } = await fleet();
  const maps = ['weak', 'busy', 'sick'].flatMap((map) => [
    '--sitemap',
    `http://a.localhost:${hosts.port}/${map}.xml`,
  ]);
  const args = ['crawl', ...maps, '--crawl', 'c', '--quiet', '--attempts', '2', '--backoff', '50'];
  assert.equal((await runner.run(args)).code, 1);
  const attempts = async () => {
    const records = (await runner.results('c')).map(({ url, ok, attempts }) => [
      new URL(url).pathname,
      ok,
      attempts,
    ]);
    return records.sort(([a = ''], [b = '']) => String(a).localeCompare(String(b)));
  };
  const well = [
    ['/1', true, 1],
    ['/2', true, 1],
    ['/busy.xml', true, 1],
  ];
  assert.deepEqual(await attempts(), [...well, ['/sick.xml', false, 2], ['/weak.xml', true, 2]]);
  assert.equal((await runner.run(['dead', 'replay', 'c'])).code, 0);
  assert.equal((await runner.run(args)).code, 0);
  assert.deepEqual(await attempts(), [
    ...[...well.slice(0, 2), ['/3', true, 1], ...well.slice(2)],
    ...[
      ['/sick.xml', true, 1],
      ['/weak.xml', true, 2],
    ],
  ]);
});

test('kill -9 of the consumer in the middle of a sitemap of 50,000 URLs: each is in the frontier once, none is missing', async (t) => {
  const ENTRIES = 50_000;
  const hosts = await startHosts(t, (name, port) => {
    if (name !== 'a.localhost/map.xml') return undefined;
    return urlset(Array.from({ length: ENTRIES }, (_, page) => `http://a.localhost:${port}/page/${page}`));
  });
  const { runner, namespace, counts } = await fleet({ DROVER_LOCK_DURATION: '1000' });
  const map = `http://a.localhost:${hosts.port}/map.xml`;
  // Few of the pages are fetched meanwhile: this is about the sitemap.
  const slowly = ['--per-host', '5', '--delay', '500ms', '--ignore-robots'];
  assert.equal((await runner.run(['enqueue', '--sitemap', map, '--crawl', 'c', ...slowly])).code, 0);
  const first = runner.start(['consume']);
  const goal = 2000 + Math.random() * (ENTRIES / 2);
  const isFarEnough = async () => (await counts()).accepted > goal;
  await until(isFarEnough, { what: 'some entries', deadlineMs: 30_000, everyMs: 1 });
  first.killGroup('SIGKILL');
  await first.exit;
  const { accepted } = await counts();
  assert.ok(accepted > goal && accepted < ENTRIES, `${accepted} accepted before the kill`);
  const consumer = runner.start(['consume']);
  const isOpen = () =>
    fleets.redis.hexists(`${keysOf(namespace).crawl('c')}:open`, fingerprint({ url: map }));
  await until(async () => (await isOpen()) === 0, { what: 'the end of the sitemap', deadlineMs: 30_000 });
  consumer.kill('SIGTERM');
  await consumer.exit;
  assert.equal(hosts.times('a.localhost/map.xml'), 2);

  const end = await counts();
  assertAddsUp(end);
  assert.deepEqual([end.accepted, end.leftOut], [ENTRIES + 1, {}]);
  const pages = Array.from({ length: ENTRIES }, (_, page) => `http://a.localhost:${hosts.port}/page/${page}`);
  const byId = new Map([map, ...pages].map((url) => [fingerprint({ url }), url]));
  const lane = await fleets.redis.lrange(
    `${keysOf(namespace).crawl('c')}:l0:a.localhost:${hosts.port}`,
    0,
    -1,
  );
  const held = [
    ...lane.map((entry) => `http://a.localhost:${hosts.port}${/\/page\/\d+$/.exec(entry)?.[0]}`),
    ...(await fleets.redis.hkeys(`${keysOf(namespace).crawl('c')}:open`)).map((id) => byId.get(id)),
    ...(await runner.results('c')).map(({ url }) => url),
  ];
  assert.equal(held.length, byId.size);
  assert.deepEqual(new Set(held), new Set(byId.values()));
});
