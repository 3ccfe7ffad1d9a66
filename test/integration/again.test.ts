// Crawling again (--again): seeds and settings of the former run, which run that is, kill -9 in the middle,
// and what is refused.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import test from 'node:test';
import { enqueueAgain } from '../../producers/again.ts';
import { crawlSettings, defaultSettings, type Settings } from '../../src/config/settings.ts';
import { beginCrawl, leaveCrawl } from '../../src/crawl/crawl.ts';
import type { DroverError } from '../../src/errors.ts';
import { packSeeds } from '../../src/frontier/seed-block.ts';
import type { CommandRunner } from '../support/crawls.ts';
import { openFleets } from '../support/fleets.ts';
import { until } from '../support/signals.ts';

const fleets = openFleets();
const quick = ['--per-host', '20', '--quiet'];

async function crawl(runner: CommandRunner, ...args: string[]) {
  const { code, stderr } = await runner.run(['crawl', ...args]);
  assert.equal(code, 0, `${args.join(' ')}: ${stderr}`);
  return stderr;
}

/** Pages /p/N, each with two links, and what was asked for since the last call, robots.txt aside. */
const site = {
  url: '',
  map: '',
  lines: [] as string[],
  asked: () => site.lines.splice(0).toSorted(),
};
const server = createServer((request, response) => {
  const { method, url = '', headers } = request;
  if (url === '/robots.txt') return void response.writeHead(404).end();
  site.lines.push(`${method} ${url} ${headers['x-a'] ?? ''}`);
  const at = Number(/\d+/.exec(url)?.[0]);
  response.setHeader('content-type', url === '/map.xml' ? 'application/xml' : 'text/html');
  response.end(
    url === '/map.xml'
      ? `<urlset><url><loc>${site.url}${site.map}</loc></url></urlset>`
      : `<title>${url}</title><a href="/p/${2 * at + 1}">one</a><a href="/p/${2 * at + 2}">two</a>`,
  );
});
test.before(async () => {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  site.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
test.after(() => server.close());

test('a list is fetched again without the list, with the settings of the former run; only flags change these', async () => {
  const { runner } = await fleets.open({ DROVER_LIMIT: '200' });
  const list = runner.path('list.txt');
  const urls = Array.from({ length: 300 }, (_, at) => `${site.url}/p/${at}`);
  await writeFile(list, urls.join('\n'));
  site.asked();
  await crawl(runner, list, '--crawl', 'shop', '--limit', '300', '--header', 'x-a: first', ...quick);
  const first = site.asked();
  assert.equal(first.length, 300);
  assert.equal(first[0], 'GET /p/0 first');
  await rm(list);
  const said = await crawl(runner, '--again', 'shop');
  assert.match(said, /^crawl shop\.2: again as shop \(finished 20\d\d-\d\d-\d\d \d\d:\d\d UTC\)$/m);
  assert.deepEqual(site.asked(), first);
  assert.equal((await runner.results('shop')).length, 300);

  await crawl(runner, '--again', 'shop', '--limit', '7', '--header', 'x-a: other', ...quick);
  assert.deepEqual(
    site.asked().map((line) => line.split(' ')[2]),
    Array(7).fill('other'),
  );
  // The limit of that run is a setting of its own, the seeds are all there still.
  await crawl(runner, '--again', 'shop.2', ...quick);
  assert.deepEqual(site.asked(), first);
});

test('requests come again with their own fields, links are found again, --sitemap is read again', async () => {
  const { runner } = await fleets.open();
  const own = [
    { url: `${site.url}/p/7`, label: 'item', headers: { 'x-a': 'seven' }, userData: { row: 7 } },
    { url: `${site.url}/p/8`, method: 'POST', body: 'q=\u00e9', headers: { 'x-a': 'eight' } },
    { url: `${site.url}/p/9`, depth: 1, attempts: 2 },
  ];
  await writeFile(runner.path('own.ndjson'), own.map((one) => JSON.stringify(one)).join('\n'));
  site.map = '/p/200';
  site.asked();
  const map = ['--sitemap', `${site.url}/map.xml`];
  await crawl(runner, runner.path('own.ndjson'), '--crawl', 'own', '--depth', '2', ...map, ...quick);
  const first = site.asked();
  assert.ok(first.includes('POST /p/8 eight') && first.includes('GET /p/7 seven') && first.length > 8);
  assert.ok(first.includes('GET /map.xml ') && first.includes('GET /p/200 '));
  site.map = '/p/201';
  await crawl(runner, '--again', 'own', '--depth', '0', ...quick);
  const second = site.asked();
  assert.deepEqual(
    second,
    ['GET /map.xml ', 'GET /p/201 ', 'GET /p/7 seven', 'GET /p/9 ', 'POST /p/8 eight'].toSorted(),
  );
  const item = (await runner.results('own')).find(({ url }) => url.endsWith('/p/7'));
  assert.deepEqual([item?.label, item?.userData, item?.depth], ['item', { row: 7 }, 0]);
});

test('kill -9 while the seeds are offered again: the same command goes on, and each URL is recorded once', async (t) => {
  const { runner } = await fleets.open();
  const urls = Array.from({ length: 250 }, (_, at) => `${site.url}/p/${at}?k`);
  await writeFile(runner.path('list.txt'), urls.join('\n'));
  await crawl(runner, runner.path('list.txt'), '--crawl', 'k', ...quick);
  await rm(runner.path('list.txt'));
  const again = ['crawl', '--again', 'k', '--quiet', '--per-host', '2', '--max-frontier', '60'];
  const first = runner.start(again);
  t.after(() => first.kill('SIGKILL'));
  await until(async () => (await runner.status('k.2').catch(() => null))?.recorded ?? 0 > 30, {
    what: 'some records',
    deadlineMs: 30_000,
  });
  first.kill('SIGKILL');
  await first.exit;
  const { accepted, state } = await runner.status('k.2');
  assert.ok(
    state === 'running' && accepted < 250,
    `${state}, ${accepted} accepted: it was killed in the middle`,
  );
  const said = await crawl(runner, '--again', 'k', '--per-host', '20');
  assert.match(said, /^crawl k\.2: continuing where it stopped; again as k \(/m);
  const records = await runner.results('k.2');
  assert.deepEqual(records.map(({ url }) => url).toSorted(), urls.toSorted());
});

test('enqueue --again begins the next run, and a command with --again goes on with it', async () => {
  const { runner, fleet } = await fleets.open();
  await crawl(runner, `${site.url}/p/1`, `${site.url}/p/2`, '--crawl', 'e', '--depth', '0', ...quick);
  const { code, stdout } = await runner.run(['enqueue', '--again', 'e', '--json']);
  const { crawl: id, accepted } = JSON.parse(stdout);
  assert.deepEqual([code, id, accepted], [0, 'e.2', 2]);
  await crawl(runner, '--again', 'e', ...quick);
  assert.deepEqual(await fleet.redis.zrange(fleet.keys.crawls, '0', '-1'), ['e', 'e.2']);
  assert.equal((await runner.status('e.2')).recorded, 2);
  const former = JSON.parse((await fleet.redis.hget(fleet.keys.crawl('e.2'), 'former')) ?? '');
  assert.deepEqual(
    { ...former, folder: '' },
    { crawl: 'e', store: '', folder: '', sameHeaders: true, sameBody: true },
  );
});

test('the newest run that finished is repeated, whatever was cancelled since; a cancelled one if there is no other', async () => {
  const { runner, fleet } = await fleets.open();
  const enqueue = (url: string) =>
    runner.run(['enqueue', `${site.url}${url}`, '--crawl', 'n', '--depth', '0']);
  const former = async (id: string) =>
    JSON.parse((await fleet.redis.hget(fleet.keys.crawl(id), 'former')) ?? '{}').crawl;
  await enqueue('/p/1');
  assert.equal((await runner.run(['cancel', 'n'])).code, 0);
  await crawl(runner, '--again', 'n', ...quick);
  assert.equal(await former('n.2'), 'n');
  await enqueue('/p/2');
  assert.equal((await runner.run(['cancel', 'n'])).code, 0);
  await crawl(runner, '--again', 'n', ...quick);
  assert.equal(await former('n.4'), 'n.2');
  assert.deepEqual(
    (await runner.results('n.4')).map(({ url }) => url),
    [`${site.url}/p/1`],
  );
  await crawl(runner, '--again', 'n.3', ...quick);
  assert.deepEqual(
    (await runner.results('n.5')).map(({ url }) => url),
    [`${site.url}/p/2`],
  );
});

test('what cannot be repeated is refused with what to do, and nothing begins', async () => {
  const { runner, fleet } = await fleets.open();
  const begin = async (name: string, kept: Record<string, string>, ended = true) => {
    const settings = { ...crawlSettings(defaultSettings), depth: 0 };
    const list = { name, producer: 'p', settings, seeds: 'urls.txt' };
    const { id } = await beginCrawl(fleet, list);
    if (ended) await leaveCrawl(fleet, id, 'p');
    if (Object.keys(kept).length > 0) await fleet.redis.hset(fleet.keys.crawl(id), kept);
  };
  for (const name of ['shop', 'former', 'none']) await begin(name, {});
  await begin('off', { settings: JSON.stringify({ keepSeeds: 0 }), keepSeeds: '0' });
  await begin('over', { keepSeeds: '0' });
  await begin('open', {}, false);
  await fleet.redis.hdel(fleet.keys.crawl('former'), 'keepSeeds'); // as a former version leaves it
  const again = (name: string, given: Partial<Settings> = {}) =>
    enqueueAgain({
      fleet,
      settings: { ...defaultSettings, dataDir: runner.dir, ...given },
      given,
      again: name,
    });
  const rows: [name: string, code: string, says: RegExp][] = [
    ['shp', 'E_CRAWL_UNKNOWN', /The name given is "shp"; did you mean shop\?$/],
    ['shop.7', 'E_CRAWL_UNKNOWN', /"shop\.7"; did you mean shop\?$/],
    ['entirely-else', 'E_CRAWL_UNKNOWN', /"entirely-else"\.$/],
    ['api-requests', 'E_SETTING', /--again: api-requests is kept for/],
    ['no such', 'E_SETTING', /--again: use at most 100 letters/],
    ['open', 'E_CRAWL_OPEN', /open goes on, and was not begun with --again/],
    ['former', 'E_NO_SEEDS', /Those of former were not kept: a former version/],
    ['off', 'E_NO_SEEDS', /Those of off were not kept: --keep-seeds is 0/],
    ['over', 'E_NO_SEEDS', /Those of over take more space than --keep-seeds allows/],
    ['none', 'E_NO_SEEDS', /Those of none were none/],
  ];
  const before = await fleet.redis.zrange(fleet.keys.crawls, '0', '-1');
  for (const [name, code, says] of rows)
    await assert.rejects(again(name), (error: DroverError) => {
      assert.deepEqual([error.code, says.test(error.message)], [code, true], error.message);
      return true;
    });
  await fleet.redis.hset(fleet.keys.crawl('shop'), 'seeds', `${site.url}/p/1`);
  await assert.rejects(again('shop', { include: ['/(/'] }), /E_SETTING|include/);
  await assert.rejects(again('shop', { webhook: 'https://hooks.example/x' }), /DROVER_WEBHOOK_SECRET/);
  const lines: [args: string[], says: RegExp][] = [
    [['crawl', '--again', 'open'], /E_CRAWL_OPEN/],
    [['crawl', site.url, '--only-due'], /--only-due is for a crawl that has a former run[\s\S]*E_USAGE/],
    [
      ['crawl', '--again', 'shop', site.url],
      /--again takes the seeds[\s\S]*--crawl shop in place[\s\S]*E_USAGE/,
    ],
    [
      ['enqueue', '--again', 'shop', '--crawl', 'x'],
      /--again shop names the crawl: leave out --crawl x\.[\s\S]*E_USAGE/,
    ],
  ];
  for (const [args, says] of lines) {
    const { code, stderr } = await runner.run(args);
    assert.deepEqual([code, says.test(stderr)], [2, true], `${args.join(' ')}: ${stderr}`);
  }
  assert.deepEqual(await fleet.redis.zrange(fleet.keys.crawls, '0', '-1'), before);
});

test('a crawl of a former version is repeated when its seeds were URLs; from then on they are kept', async () => {
  const { runner, fleet } = await fleets.open();
  const urls = [`${site.url}/p/1`, `${site.url}/p/2`];
  await crawl(runner, ...urls, '--crawl', 'f', '--depth', '0', ...quick);
  await fleet.redis.hdel(fleet.keys.crawl('f'), 'keepSeeds');
  await fleet.redis.del(fleet.keys.seeds('f'));
  for (const id of ['f.2', 'f.3']) {
    await crawl(runner, '--again', 'f', ...quick);
    assert.deepEqual((await runner.results(id)).map(({ url }) => url).toSorted(), urls);
  }
  const kept = await fleet.redis.getBuffer(fleet.keys.seeds('f.3'));
  const block = packSeeds(urls.map((url) => ({ url, depth: 0, referrer: null, extras: null })));
  assert.deepEqual(kept, Buffer.concat([Buffer.from(`${block.length}:`), Buffer.from(block)]));
});

test('without the records of the former run, or without the run itself, it goes on and says so', async () => {
  const { runner } = await fleets.open();
  await crawl(runner, `${site.url}/p/1`, '--crawl', 'g', '--depth', '0', ...quick);
  await rm(join(runner.dir, 'data', 'records'), { recursive: true });
  const said = await crawl(runner, '--again', 'g');
  assert.match(said, /again as g \(.*\); its records are gone, so pages are fetched whole/);
  assert.equal((await runner.results('g.2')).length, 1);

  assert.equal((await runner.run(['enqueue', '--again', 'g'])).code, 0);
  assert.equal((await runner.run(['forget', 'g.2'])).code, 0);
  const goesOn = await crawl(runner, '--again', 'g');
  assert.match(goesOn, /crawl g\.3: continuing .*; the run that it repeats is forgotten/);
  assert.equal((await runner.results('g.3')).length, 1);
});

test('private hosts that only requests over the API named are not allowed by an operator who crawls again', async () => {
  const { runner, fleet } = await fleets.open();
  await crawl(runner, `${site.url}/p/1`, '--crawl', 'p', '--depth', '0', ...quick);
  const block = packSeeds([{ url: 'http://127.0.0.1:48123/inside', depth: 0, referrer: null, extras: null }]);
  await fleet.redis.append(fleet.keys.seeds('p'), `${block.length}:${block}`);
  const { code } = await runner.run(['crawl', '--again', 'p', '--attempts', '1', ...quick]);
  assert.equal(code, 1);
  const { recorded, errors } = await runner.status('p.2');
  assert.deepEqual([recorded, errors], [1, { E_SSRF: 1 }]);
});
