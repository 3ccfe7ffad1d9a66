// /v1/crawls over HTTP: begun, listed, steered, their records and errors; what a caller may not say.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import test, { type TestContext } from 'node:test';
import { type Api, crawlIn, sharedApi, startApi } from '../support/api/api.ts';
import { assertAddsUp } from '../support/crawls.ts';
import { openFleets } from '../support/fleets.ts';
import { until } from '../support/signals.ts';
import { type SiteOptions, startSite } from '../support/site/site.ts';

const fleets = openFleets();
const quiet = sharedApi(fleets, [], {
  DROVER_HEADER: 'x-key: sesame-open',
  DROVER_WEBHOOK_SECRET: 'sixteen-characters',
  DROVER_LOG_LEVEL: 'debug',
});
const working = sharedApi(fleets, ['--processes', '1', '--allow-private', '127.0.0.0/8', '--attempts', '1']);
const begin = (api: Api, body: unknown) => api.call('POST', '/v1/crawls', { body });
const get = async (api: Api, path: string) => (await api.call('GET', path)).json;

async function siteOf(t: TestContext, options: Partial<SiteOptions> = {}) {
  const site = await startSite({ pages: 50, bytes: 300, linksPerPage: 5, ...options });
  t.after(() => site.stop());
  return site;
}

test('a crawl from its begin to its records: all of them by pages, as NDJSON and as CSV, each once', async (t) => {
  const [api, site] = [
    await working(),
    await siteOf(t, { behaviours: { '/p/3': { status: 404 }, '/p/4': { status: 500 } } }),
  ];
  const begun = await begin(api, { name: 'whole', url: site.url, concurrency: 20, maxDepth: 9 });
  assert.deepEqual([begun.status, begun.headers.location], [201, '/v1/crawls/whole']);
  assert.deepEqual([begun.json.crawl, begun.json.state, begun.json.rejected], ['whole', 'running', []]);
  await crawlIn(api, 'whole', 'finished');
  const view = await get(api, '/v1/crawls/whole');
  assertAddsUp(view);
  assert.deepEqual(
    [view.accepted, view.recorded, view.dead],
    [41, 40, 1],
    'pages under those that failed are not found',
  );
  assert.ok(Date.parse(view.finishedAt) >= Date.parse(view.createdAt));

  const urls: string[] = [];
  for (let cursor = ''; ; ) {
    const page = await get(api, `/v1/crawls/whole/records?limit=7${cursor && `&cursor=${cursor}`}`);
    assert.ok(page.records.length <= 7);
    urls.push(...page.records.map(({ url }: { url: string }) => url));
    if (page.next === null) break;
    cursor = encodeURIComponent(page.next);
  }
  assert.deepEqual([urls.length, new Set(urls).size], [41, 41]);
  const as = async (accept: string) => api.call('GET', '/v1/crawls/whole/records', { headers: { accept } });
  const ndjson = await as('application/x-ndjson');
  assert.match(ndjson.headers['content-type'] ?? '', /^application\/x-ndjson/);
  const records = ndjson.text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.deepEqual(records.map(({ url }) => url).sort(), urls.sort());
  const csv = await as('text/csv');
  assert.match(csv.headers['content-disposition'] ?? '', /^attachment; filename="whole\.csv"$/);
  const rows = csv.text.trimEnd().split('\r\n');
  assert.equal(rows.length, 42);
  assert.match(rows[0] ?? '', /^url,finalUrl,status,ok,/);

  const errors = await get(api, '/v1/crawls/whole/errors');
  assert.deepEqual(errors.errors, view.errors);
  assert.deepEqual(
    errors.groups.map(({ code, count }: { code: string; count: number }) => [code, count]),
    [['E_HTTP_5XX', 1]],
  );
  await api.refused(400, 'E_FIELD', 'GET', '/v1/crawls/whole/records?cursor=../../etc');
});

test('pause, resume and cancel: seen in what the site is asked for', async (t) => {
  const [api, site] = [await working(), await siteOf(t, { pages: 2000, linksPerPage: 0, latencyMs: 5 })];
  const urls = Array.from({ length: 2000 }, (_, n) => `${site.url}/p/${n}`);
  assert.equal(
    (await begin(api, { name: 'steered', urls, maxDepth: 0, concurrency: 3 })).json.accepted,
    2000,
  );
  const steer = async (how: 'pause' | 'resume') =>
    (await api.call('POST', `/v1/crawls/steered/${how}`)).json.state;
  const moves = (than: number) =>
    until(async () => (await site.ended()) > than, { what: 'fetches', deadlineMs: 20_000 });
  await moves(20);
  assert.equal(await steer('pause'), 'paused');
  assert.equal(await steer('pause'), 'paused', 'twice is as good as once');
  let last = -1;
  const rests = async () => {
    const before = last;
    last = await site.ended();
    return last === before && last;
  };
  const atRest = await until(rests, { what: 'it to rest', everyMs: 400 });
  assert.ok(atRest < 2000);
  assert.equal(await steer('resume'), 'running');
  await moves(atRest + 20);
  const cancelled = await api.call('DELETE', '/v1/crawls/steered');
  assert.equal(cancelled.json.state, 'cancelled');
  assert.ok((await until(rests, { what: 'it to rest', everyMs: 400 })) < 2000);
  assert.equal((await api.call('DELETE', '/v1/crawls/steered')).status, 200, 'again it changes nothing');
  await api.refused(409, 'E_CRAWL_ENDED', 'POST', '/v1/crawls/steered/resume');
  assertAddsUp(await get(api, '/v1/crawls/steered'));
});

test('all crawls by pages, the newest first; each is found by its own id though several share a name', async () => {
  const api = await startApi(await fleets.open());
  for (let n = 0; n < 5; n++) await begin(api, { name: `c${n}`, url: 'http://example.com/' });
  await api.call('DELETE', '/v1/crawls/c0');
  assert.equal((await begin(api, { name: 'c0', url: 'http://example.com/' })).json.crawl, 'c0.2');
  const names: string[] = [];
  let cursor = '';
  do {
    const page = await get(api, `/v1/crawls?limit=4${cursor && `&cursor=${cursor}`}`);
    names.push(...page.crawls.map(({ crawl }: { crawl: string }) => crawl));
    cursor = page.next ?? '';
  } while (cursor);
  assert.deepEqual(names, ['c0.2', 'c4', 'c3', 'c2', 'c1', 'c0']);
  assert.equal((await get(api, '/v1/crawls/c0')).state, 'cancelled');
  assert.equal((await get(api, '/v1/crawls/c0.2')).state, 'running');
  await api.call('DELETE', '/v1/crawls/c0.2');
  assert.equal(
    (await begin(api, { name: 'c4', url: 'http://example.com/' })).status,
    200,
    'one that goes on',
  );
  await api.refused(400, 'E_FIELD', 'GET', '/v1/crawls?cursor=nothing');
  for (const limit of ['0', '1001', 'x', '1.5'])
    assert.equal(
      (await api.refused(400, 'E_FIELD', 'GET', `/v1/crawls?limit=${limit}`)).field,
      'query.limit',
    );
});

test('what there is not is said to be not there', async () => {
  const api = await quiet();
  for (const [method, path] of [
    ...[
      ['GET', ''],
      ['DELETE', ''],
      ['POST', '/pause'],
      ['POST', '/resume'],
      ['GET', '/records'],
      ['GET', '/errors'],
    ],
  ] as [string, string][])
    for (const id of ['nothing', '__proto__', '%2e%2e%2f', 'a%00b', 'x'.repeat(199)])
      await api.refused(404, 'E_CRAWL_UNKNOWN', method, `/v1/crawls/${id}${path}`);
  assert.equal(
    (await api.refused(400, 'E_FIELD', 'GET', `/v1/crawls/${'x'.repeat(201)}`)).field,
    'params.id',
  );
});

test('each wrong value is refused, naming its field; nothing has begun then', async () => {
  const api = await quiet();
  const wrong: [field: string, body: Record<string, unknown>][] = [
    ['name', { name: '../x' }],
    ['name', { name: 7 }],
    ['url', { url: 'no url' }],
    ['url', { url: 'http://example.com/', urls: ['http://example.com/'] }],
    ['urls', {}],
    ['urls.1', { urls: ['http://example.com/', 7] }],
    ['urls.0', { urls: ['ftp://example.com/', 'x'] }],
    ['maxDepth', { maxDepth: -1 }],
    ['limit', { limit: 0 }],
    ['includePaths.0', { includePaths: ['/blog/**', '/(a+)+$/'].toReversed() }],
    ['settings.exclude.1', { settings: { exclude: ['*.pdf', '/x/i'] } }],
    ['excludePaths.0', { excludePaths: ['/(/'] }],
    ['includePaths.1', { includePaths: ['/a', '/{1..3}'] }],
    ['excludePaths.0', { excludePaths: [`/${'a'.repeat(2000)}`] }],
    ['settings.include.10', { settings: { include: Array(20).fill(`/**${'a'.repeat(950)}`) } }],
    ['scope', { scope: 'world' }],
    ['delayMs', { delayMs: 1.5 }],
    ['concurrency', { concurrency: 0 }],
    ['concurrency', { concurrency: 100_000 }],
    ['headers', { headers: { 'bad name': 'x' } }],
    ['headers', { headers: { ok: 'two\r\nlines' } }],
    ['headers.a', { headers: { a: 1 } }],
    ['webhook', { webhook: 'ftp://example.com/' }],
    ['webhook', { webhook: 'http://169.254.169.254/' }],
    ['settings.nonsense', { settings: { nonsense: 1 } }],
    ['settings.dataDir', { settings: { dataDir: '/tmp' } }],
    ['settings.allowPrivate', { settings: { allowPrivate: ['0.0.0.0/0'] } }],
    ['settings.attempts', { settings: { attempts: 'many' } }],
    ['settings.sitemap', { settings: { sitemap: ['auto'] }, name: 'x' }],
  ];
  for (const [field, body] of wrong) {
    const reply = await begin(api, {
      ...(body.url || body.urls || field === 'urls' || body.name ? {} : { url: 'http://example.com/' }),
      ...body,
    });
    assert.deepEqual([reply.status, reply.json.field], [400, field], `${JSON.stringify(body)} ${reply.text}`);
  }
  const unknown = await api.refused(400, 'E_FIELD', 'POST', '/v1/crawls', { body: { colour: 'red' } });
  assert.match(unknown.detail, /colour/);
  assert.deepEqual((await get(api, '/v1/crawls')).crawls, []);
});

test('private addresses are refused unless the operator allowed them, in whatever form; secrets are not shown', async () => {
  const api = await quiet();
  for (const url of [
    'http://127.0.0.1/',
    'http://2130706433/',
    'http://[::ffff:10.0.0.1]/',
    'http://localhost:6379/',
    'http://intranet/',
    'http://metadata.internal/',
  ])
    assert.equal((await api.refused(400, 'E_SSRF', 'POST', '/v1/crawls', { body: { url } })).field, 'url');
  await api.refused(400, 'E_SSRF', 'POST', '/v1/crawls', {
    body: { urls: ['http://10.0.0.1/', 'http://10.0.0.2/'] },
  });
  const sitemap = {
    urls: ['http://example.com/'],
    settings: { sitemap: ['http://192.168.0.1/sitemap.xml'] },
  };
  const { json } = await begin(api, sitemap);
  assert.deepEqual(
    json.rejected.map(({ code }: { code: string }) => code),
    ['E_SSRF'],
  );
  const secret = await begin(api, {
    ...{ name: 'secret', url: 'http://example.com/?token=sesame-open' },
    headers: { authorization: 'Bearer sesame-open', 'x-tenant': 'sesame-open' },
    webhook: 'https://example.com/hook/sesame-open',
  });
  assert.equal(secret.status, 201, secret.text);
  const shown = [
    secret.text,
    (await api.call('GET', '/v1/crawls/secret')).text,
    (await api.call('GET', '/v1/crawls')).text,
  ];
  for (const text of [...shown, (await api.call('GET', '/queues/api/queues?activeQueue=requests')).text])
    assert.ok(!text.includes('sesame-open'), text);
  assert.ok(secret.json.settings.header.authorization, 'but that there is one');
  const log = await readFile(api.runner.path('data/drover.log'), 'utf8');
  assert.ok(log.includes('"route":"/v1/crawls"') && !log.includes('sesame-open'));
});
