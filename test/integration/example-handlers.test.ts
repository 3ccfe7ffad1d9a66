// The handlers of examples/ that harvest an API, check links, read articles and parse large files, each run
// as its first lines say, against sites on this machine.
import assert from 'node:assert/strict';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import type { CrawlRecord } from '../../src/record.ts';
import type { ItemLine } from '../../src/records/export/items.ts';
import { openCommandRunner } from '../support/crawls.ts';
import { openFleets } from '../support/fleets.ts';
import { newNamespace } from '../support/producers.ts';
import { spawnProgram } from '../support/signals.ts';
import { startSite } from '../support/site/site.ts';

const fleets = openFleets();
const pathOf = (name: string) => join(import.meta.dirname, '../../examples', name);
const answer = (type: string, body: string) => ({ status: 200, headers: { 'content-type': type }, body });
const html = (body: string) => answer('text/html; charset=utf-8', body);

/** A server of this test; the URL of its root. */
async function serve(t: TestContext, answerTo: (request: IncomingMessage) => ReturnType<typeof answer>) {
  const server = createServer((request, response) => {
    const { status, headers, body } = answerTo(request);
    response.writeHead(status, headers).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('api-harvest.ts goes from page to page with its token, waits for its quota, and names a wrong field', async (t) => {
  const asked: string[] = [];
  const order = (id: number) => ({
    id,
    total: id * 10,
    currency: 'EUR',
    placedAt: '2026-11-28T10:00:00Z',
    more: 1,
  });
  let hasQuota = false;
  const answerTo = (path: string): object => {
    asked.push(path);
    if (path === '/v1/orders') return { orders: [order(1), order(2)], next: '/v1/orders?after=2' };
    if (path === '/v1/orders?after=3') return { orders: [{ ...order(4), total: 'free' }], next: null };
    if (hasQuota) return { orders: [order(3)], next: '/v1/orders?after=3' };
    hasQuota = true;
    return { error: 'quota', retryAfterSeconds: 0.2 };
  };
  const url = await serve(t, ({ url: path = '', headers }) => {
    if (path === '/robots.txt') return answer('text/plain', '');
    if (headers.authorization !== 'Bearer secret') return { ...html('Who are you?'), status: 401 };
    return answer('application/json; charset=utf-8', JSON.stringify(answerTo(path)));
  });
  const { runner } = await fleets.open({ API_TOKEN: 'secret', DROVER_BACKOFF: '20ms' });
  const args = [
    'crawl',
    `${url}/v1/orders`,
    '--handler',
    pathOf('api-harvest.ts'),
    '--crawl',
    'orders',
    '--quiet',
  ];
  assert.equal((await runner.run(args)).code, 1);
  assert.deepEqual(
    asked,
    ['', '?after=2', '?after=2', '?after=3'].map((query) => `/v1/orders${query}`),
  );
  const items = await runner.json<ItemLine>(['items', 'orders']);
  assert.deepEqual(
    items.map(({ item }) => item),
    [1, 2, 3].map((id) => ({ id, total: id * 10, currency: 'EUR', placedAt: '2026-11-28T10:00:00Z' })),
  );
  assert.match(
    (await runner.run(['dead', 'list', 'orders'])).stdout,
    /E_HANDLER_ITEM .*after=3\n.* item\.total: .*; got "free"/,
  );
  const records = JSON.stringify(await runner.json(['results', 'orders']));
  assert.doesNotMatch(records, /secret/, 'the token stands in no record');
  const without = await runner.run([...args, '--crawl', 'none'], { env: { API_TOKEN: '' } });
  assert.equal(without.code, 1);
  assert.match(
    (await runner.run(['dead', 'list', 'none'])).stdout,
    /E_HANDLER_FATAL .*\n.*set the variable API_TOKEN/,
  );
});

test('link-checker.ts names the broken links and the pages with them, and follows no other site', async (t) => {
  const site = await startSite({
    pages: 3,
    hosts: 2,
    robots: 'User-agent: *\nDisallow: /private/\n',
    behaviours: {
      '/missing': { status: 404 },
      '/broken': { status: 500 },
      '/gone': { status: 410 },
    },
  });
  t.after(() => site.stop());
  const [own = '', other = ''] = site.urls;
  await site.behave(
    '/',
    html(`<a href=/a>a</a> <a href=/missing>m</a> <a href=/private/x>p</a> <a href="${other}/gone">g</a>`),
  );
  await site.behave(
    '/a',
    html(`<a href=/>home</a> <a href="${other}/p/1">1</a> <a href=/missing#x>m</a> <a href=/broken>b</a>`),
  );
  const runner = await openCommandRunner();
  const program = spawnProgram(['--conditions=drover-source', pathOf('link-checker.ts'), `${own}/`], {
    env: {
      ...{
        REDIS_URL: fleets.url,
        DROVER_NAMESPACE: newNamespace(),
        DROVER_DATA_DIR: join(runner.dir, 'data'),
      },
      ...{ DROVER_ALLOW_PRIVATE: '127.0.0.0/8', DROVER_ATTEMPTS: '2', DROVER_BACKOFF: '20ms' },
    },
  });
  assert.deepEqual([(await program.exit).code, program.stderr()], [1, '']);
  const shown = program
    .stdout()
    .trim()
    .split(/\n(?! )/);
  assert.equal(shown.pop(), '7 URLs, 3 broken, 1 not checked because robots.txt or scope forbids it');
  assert.deepEqual(
    shown.map((entry) => entry.split('\n').toSorted()).toSorted(),
    [
      [`  on ${own}/`, `  on ${own}/a`, `404 ${own}/missing`],
      [`  on ${own}/`, `410 ${other}/gone`],
      [`  on ${own}/a`, `500 ${own}/broken`],
    ].toSorted(),
  );
  const paths = (await site.log()).filter(({ host }) => other.endsWith(host)).map(({ path }) => path);
  assert.deepEqual(paths.toSorted(), ['/gone', '/p/1', '/robots.txt'], 'its links are not followed');
});

const sentence = 'The river rose again during the night, and the lower bridge was closed to all carts. ';
const article = `<!doctype html><html lang="en-GB"><head><title>Gazette</title>
<script type="application/ld+json">{"@graph": [{"@type": "Article", "headline": "The  bridge is closed",
  "datePublished": "2026-11-28T08:30:00+01:00", "author": [{"name": "Ada Miller"}]}]}</script></head>
<body><nav><p>Menu ${sentence}</p></nav><article><header><h1>Bridge</h1></header><p>${sentence.repeat(2)}</p>
<aside><p>Advertisement</p></aside><h2>What &amp; when</h2><ul><li><p>Since <b>four</b> o’clock</p></li></ul>
<p hidden>hidden</p><script>var x = 1;</script></article><footer><p>Imprint</p></footer></body></html>`;
const plain = `<html><head><title>A walk</title><meta name=author content="B. Walker"></head><body><main>
<time datetime="2026-11-01">1 November</time><p>${sentence.repeat(3)}</p></main></body></html>`;

test('article-text.ts takes title, author, date, language and text out of articles, and follows lists', async (t) => {
  const behaviours = {
    '/': html('<a href=/bridge>bridge</a> <a href=/walk>walk</a>'),
    '/bridge': html(article),
    '/walk': html(plain),
  };
  const site = await startSite({ pages: 1, behaviours });
  t.after(() => site.stop());
  const { runner } = await fleets.open();
  const args = ['--handler', pathOf('article-text.ts'), '--crawl', 'paper', '--quiet'];
  const { code, stderr } = await runner.run(['crawl', `${site.url}/`, ...args]);
  assert.equal(code, 0, stderr);
  const items = await runner.json<ItemLine>(['items', 'paper']);
  const byUrl = new Map(items.map(({ url, item }) => [new URL(url).pathname, item]));
  assert.equal(items.length, 2);
  assert.deepEqual(byUrl.get('/bridge'), {
    ...{
      title: 'The bridge is closed',
      author: 'Ada Miller',
      date: '2026-11-28T07:30:00.000Z',
      language: 'en-GB',
    },
    text: `${sentence.repeat(2).trim()}\n\nWhat & when\n\nSince four o’clock`,
  });
  assert.deepEqual(byUrl.get('/walk'), {
    ...{ title: 'A walk', author: 'B. Walker', date: '2026-11-01T00:00:00.000Z', language: null },
    text: sentence.repeat(3).trim(),
  });
});

test('blocking-parser.ts parses large files on threads: no page waits for them, and one that is no CSV is named', async (t) => {
  const rows = Array.from({ length: 60_000 }, (_, at) => `${at},"town ""${at}"", north",${at % 2 ? at : ''}`);
  const csv = (body: string) => answer('text/csv', body);
  const files: Record<string, ReturnType<typeof answer>> = {
    '/': html('<a href=/large.csv>1</a> <a href=/small.csv>2</a> <a href=/wrong.csv>3</a>'),
    '/large.csv': csv(`id,name,people\r\n${rows.join('\r\n')}\r\n`),
    '/small.csv': csv('a,b\n1,\n2,x\n3,'),
    '/wrong.csv': csv('a\n"never closed\n'),
  };
  const site = await serve(t, ({ url: path = '' }) => files[path] ?? answer('text/plain', ''));
  const { runner } = await fleets.open();
  const args = ['--handler', pathOf('blocking-parser.ts'), '--crawl', 'data', '--threads', '2'];
  const { code, stderr } = await runner.run(['crawl', `${site}/`, ...args, '--max-bytes', '50MiB']);
  assert.equal(code, 1, stderr);
  assert.doesNotMatch(stderr, /blocked the event loop/);
  const items = await runner.json<ItemLine>(['items', 'data']);
  const of = (path: string) => items.filter(({ url }) => url.endsWith(path)).map(({ item }) => item);
  assert.deepEqual(of('/large.csv'), [
    { column: 'id', rows: 60_000, empty: 0, numbers: { least: 0, most: 59_999, mean: 29_999.5 } },
    { column: 'name', rows: 60_000, empty: 0, numbers: null },
    { column: 'people', rows: 60_000, empty: 30_000, numbers: { least: 1, most: 59_999, mean: 30_000 } },
  ]);
  assert.deepEqual(of('/small.csv'), [
    { column: 'a', rows: 3, empty: 0, numbers: { least: 1, most: 3, mean: 2 } },
    { column: 'b', rows: 3, empty: 2, numbers: null },
  ]);
  const dead = (await runner.json<CrawlRecord>(['results', 'data', '--code', 'E_HANDLER_FATAL'])).map(
    ({ url }) => url,
  );
  assert.deepEqual(dead, [`${site}/wrong.csv`]);
});
