// POST /v1/crawls with `again`: the next run over HTTP, and what a caller may not do by it.
import assert from 'node:assert/strict';
import test from 'node:test';
import { createClient } from '../../src/index.ts';
import { type Api, crawlIn, sharedApi } from '../support/api/api.ts';
import { openFleets, type TestFleet } from '../support/fleets.ts';
import { type Site, startSite } from '../support/site/site.ts';

const fleets = openFleets();
const working = sharedApi(fleets, ['--processes', '1', '--allow-private', '127.0.0.0/8', '--per-host', '20']);
const careful = sharedApi(fleets);
let site: Site;
test.before(async () => {
  site = await startSite({ pages: 30, bytes: 300, linksPerPage: 3, hosts: 2 });
});
test.after(() => site.stop());
const begin = (api: Api, body: unknown, key?: string) =>
  api.call('POST', '/v1/crawls', { body, headers: key ? { 'idempotency-key': key } : {} });

async function crawlByCommand({ runner }: TestFleet, ...args: string[]): Promise<void> {
  const { code, stderr } = await runner.run(['crawl', `${site.url}/p/1`, '--depth', '0', '--quiet', ...args]);
  assert.equal(code, 0, stderr);
}

test('a crawl is begun again by its name: its seeds and settings, changed by what the call says; once for a key', async () => {
  const api = await working();
  const urls = [1, 2, 3, 4].map((at) => `${site.url}/p/${at}`);
  await begin(api, { name: 'shop', urls, maxDepth: 0, headers: { 'x-a': '1' } });
  await crawlIn(api, 'shop', 'finished');
  const begun = await begin(api, { again: 'shop' }, 'a-key');
  assert.deepEqual([begun.status, begun.headers.location], [201, '/v1/crawls/shop.2'], begun.text);
  const { accepted, rejected, settings } = begun.json;
  assert.deepEqual([accepted, rejected, settings.depth], [4, [], 0]);
  assert.deepEqual((await begin(api, { again: 'shop' }, 'a-key')).json.crawl, 'shop.2');
  await crawlIn(api, 'shop.2', 'finished');
  assert.equal((await api.call('GET', '/v1/crawls/shop.2')).json.recorded, 4);

  const client = createClient({ url: api.url });
  const third = await client.crawls.create({ again: 'shop.1', limit: 2 });
  assert.deepEqual([third.crawl, third.accepted, third.settings.limit], ['shop.3', 2, 2]);
  await crawlIn(api, 'shop.3', 'finished');
});

test('what cannot be repeated, and what does not go with again, is refused by name', async () => {
  const api = await working();
  await begin(api, { name: 'open', urls: [`${site.url}/p/1`], maxDepth: 0 });
  await crawlIn(api, 'open', 'finished');
  await api.call('POST', '/v1/crawls', { body: { name: 'plain', settings: {} } });
  const { runner } = api;
  // At a host of its own: the delay between its two requests would hold for all crawls.
  const busy = [8, 9].map((at) => `${site.urls[1]}/p/${at}`);
  assert.equal((await runner.run(['enqueue', ...busy, '--crawl', 'busy', '--delay', '60s'])).code, 0);
  assert.equal((await runner.run(['pause', 'busy'])).code, 0);
  const rows: [body: object, status: number, code: string, field?: string][] = [
    [{ again: 'opn' }, 404, 'E_CRAWL_UNKNOWN'],
    [{ again: 'busy' }, 409, 'E_CRAWL_OPEN'],
    [{ again: 'api-requests' }, 400, 'E_FIELD', 'again'],
    [{ again: 'no such' }, 400, 'E_FIELD', 'again'],
    [{ again: 'open', url: `${site.url}/` }, 400, 'E_FIELD', 'url'],
    [{ again: 'open', name: 'other' }, 400, 'E_FIELD', 'name'],
    [{ again: 'open', maxDepth: -1 }, 400, 'E_FIELD', 'maxDepth'],
    [{ again: 'open', settings: { keepSeeds: 1 } }, 400, 'E_FIELD', 'settings.keepSeeds'],
  ];
  for (const [body, status, code, field] of rows) {
    const problem = await api.refused(status, code, 'POST', '/v1/crawls', { body });
    assert.equal(problem.field, field, JSON.stringify(body));
  }
  const { crawls } = (await api.call('GET', '/v1/crawls')).json;
  assert.ok(!crawls.some(({ crawl }: { crawl: string }) => /^(open|busy)\.2/.test(crawl)));
});

test('a caller gets no private host that the operator named, and no setting that the operator alone may give', async () => {
  const api = await careful();
  await crawlByCommand(api, '--crawl', 'inside', '--allow-private', '127.0.0.0/8');
  const { status, json } = await begin(api, { again: 'inside' });
  assert.equal(status, 201);
  assert.deepEqual([json.accepted, json.rejected[0].code, json.settings.allowPrivate], [0, 'E_SSRF', []]);
  assert.equal(await api.fleet.redis.exists(api.fleet.keys.seedHosts(json.crawl)), 0);
  assert.equal(json.state, 'finished');
  // The operator crawls again what was named by the operator.
  const { code, stderr } = await api.runner.run(['crawl', '--again', 'inside.1', '--quiet']);
  assert.equal(code, 0, stderr);
});

test('headers of the former run, which may be secret, go nowhere else by a call that does not know them', async () => {
  const api = await working();
  await crawlByCommand(api, '--crawl', 'secret', '--header', 'authorization: Bearer sesame-open');
  const again = (more: object) => begin(api, { again: 'secret', ...more });
  for (const [more, field] of [
    [{ scope: 'any' }, 'scope'],
    [{ includePaths: ['/x/**'] }, 'includePaths'],
    [{ settings: { sitemap: ['https://evil.example/map.xml'] } }, 'settings.sitemap'],
  ] as const) {
    const { status, json } = await again(more);
    assert.deepEqual([status, json.code, json.field], [400, 'E_FIELD', field]);
    assert.match(json.detail, /give headers/);
  }
  const same = await again({ limit: 5 });
  assert.equal(same.status, 201, same.text);
  assert.ok(!same.text.includes('sesame'));
  await crawlIn(api, 'secret.2', 'finished');
  const own = await again({ scope: 'any', headers: { 'x-a': '1' } });
  assert.equal(own.status, 201, own.text);
});
