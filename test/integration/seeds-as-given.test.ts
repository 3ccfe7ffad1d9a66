// What becomes of seeds as people write them: a list is fetched as it is, URLs without a scheme are read the
// same everywhere, lines that cannot be used are kept with their reasons.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import test from 'node:test';
import { createProducer } from '../../src/index.ts';
import { startApi } from '../support/api/api.ts';
import { openFleets } from '../support/fleets.ts';
import { startNameServer } from '../support/name-server.ts';
import { startSite } from '../support/site/site.ts';

const fleets = openFleets();

test('a list is fetched as it is, and the first line says so; --depth follows its links; one URL is crawled', async (t) => {
  const site = await startSite({ pages: 30, linksPerPage: 3 });
  t.after(() => site.stop());
  const { runner } = await fleets.open();
  const list = runner.path('list.txt');
  const bare = new URL(site.url).host;
  const lines = ['# pages', `${site.url}/p/1`, `${bare}/p/2`, '', 'nonsense', `ftp://x/${'y'.repeat(5000)}`];
  await writeFile(list, lines.join('\n'));
  const crawl = async (...args: string[]) => runner.run(['crawl', ...args]);

  const plain = await crawl(list, '--crawl', 'plain');
  assert.match(
    plain.stderr,
    /^crawl plain: fetching 4 URLs of list\.txt as they are; give --depth to follow/,
  );
  assert.equal(plain.code, 2);
  assert.deepEqual((await runner.results('plain')).map(({ url }) => url.slice(site.url.length)).sort(), [
    '/p/1',
    '/p/2',
  ]);
  assert.ok(plain.stderr.includes(`is taken as ${site.url}/p/2: http is assumed`), plain.stderr);

  const file = /(\/\S+rejected\.ndjson)/.exec(plain.stderr)?.[1] ?? '';
  const kept = (await readFile(file, 'utf8'))
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
  assert.deepEqual(
    kept.map(({ source, line, code }) => [source, line, code]),
    [
      [list, 5, 'E_URL_INVALID'],
      [list, 6, 'E_URL_SCHEME'],
    ],
  );
  assert.equal(kept[0].text, 'nonsense');
  assert.equal(kept[1].text.length, 2000);
  assert.ok(kept[1].message.length > 10);

  const piped = await runner.run(['crawl', '-', '--crawl', 'piped'], { input: `${site.url}/p/1\n` });
  assert.match(piped.stderr, /^crawl piped: fetching the URLs of standard input as they are/);
  assert.equal((await runner.status('piped')).accepted, 1);

  const deep = await crawl(list, '--depth', '1', '--crawl', 'deep', '--quiet');
  assert.doesNotMatch(deep.stderr, /as they are/);
  assert.ok((await runner.status('deep')).accepted > 4);
  // One argument, without its scheme: the crawl is named after the host, and links are followed.
  const one = await crawl(`${bare}/p/1`, '--limit', '9');
  assert.match(one.stderr, /^crawl 127\.0\.0\.1-[0-9a-f]{6}\n/);
  assert.match(one.stderr, /9 pages recorded/);

  // To a crawl that goes on, a list is added without changing how deep it goes.
  await runner.run(['enqueue', `${site.url}/p/1`, '--crawl', 'open', '--quiet']);
  const added = await runner.run(['enqueue', list, '--crawl', 'open']);
  assert.match(added.stderr, /adding 4 URLs of list\.txt to a crawl that is following links/);
  assert.match(added.stderr, /2 bad lines, kept in \/\S+rejected\.ndjson/);
});

test('a URL without a scheme is the same request from a program, over HTTP and on the command line; E_TLS says what was assumed', async (t) => {
  const plain = createServer().listen(0, '127.0.0.1');
  await once(plain, 'listening');
  t.after(() => plain.close());
  const names = await startNameServer(() => ({ addresses: ['127.0.0.1'] }));
  t.after(() => names.close());
  const { runner, namespace } = await fleets.open();
  const { port } = plain.address() as AddressInfo;
  const seed = `shop.example.com:${port}/p/1`;
  const dataDir = runner.path('data');
  const options = { crawl: 'c', dataDir, redisUrl: fleets.url, namespace: namespace.slice(1, -3) };
  const producer = await createProducer({ ...options, depth: 0 });
  assert.deepEqual(await producer.add([seed]).then(({ accepted, assumed }) => ({ accepted, assumed })), {
    accepted: 1,
    assumed: 1,
  });
  const api = await startApi({ runner });
  const sent = await api.call('POST', '/v1/requests?crawl=c', { body: [seed, `https://${seed}`] });
  assert.deepEqual(
    [sent.json.accepted, sent.json.duplicates, sent.json.assumed, sent.json.rejected],
    [0, 2, 1, []],
  );
  await producer.close();
  const how = [
    '--crawl',
    'c',
    '--dns-server',
    names.address,
    '--allow-private',
    '127.0.0.0/8',
    '--attempts',
    '1',
  ];
  await runner.run(['crawl', seed, ...how, '--depth', '0', '--quiet']);
  const [record] = await runner.results('c');
  assert.equal(record?.url, `https://${seed}`);
  assert.equal(record?.error?.code, 'E_TLS');
  assert.match(record?.error?.message ?? '', /https was assumed, because the seed had no scheme/);
  const explained = await runner.run(['explain', seed, '--crawl', 'c']);
  assert.match(explained.stdout, /https was assumed/);
  const letter = (await runner.json<{ request: object }>(['dead', 'list', 'c', '--json']))[0];
  const shown = await runner.run(['dead', 'export', 'c']);
  assert.ok(letter && !('assumed' in JSON.parse(shown.stdout).request), shown.stdout);
});
